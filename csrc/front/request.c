/* The command line of a plain run, and the environment. */
#include "audit/text.h"
#include "front/run.h"

#include "base/uapi.h"

/* What follows prefix in text; NULL if text doesn't start with it. */
static const char *after(const char *text, const char *prefix)
{
	while (*prefix != '\0') {
		if (*text++ != *prefix++)
			return NULL;
	}
	return text;
}

/* The value of `--name VALUE` or `--name=VALUE` at *at, which moves past it; NULL where it is another flag, or has
 * none. */
static const char *take_value(const struct ll_stack *stack, uint64_t *at, const char *name)
{
	const char *rest = after(stack->argv[*at], name);

	if (rest == NULL || (*rest != '\0' && *rest != '='))
		return NULL;
	if (*rest == '=') {
		*at += 1;
		rest++;
	} else {
		rest = stack->argv[*at + 1];
		*at += 2;
		if (rest == NULL || (rest[0] == '-' && rest[1] != '\0'))
			return NULL;
	}
	return *rest != '\0' && ll_text_is_utf8(rest) ? rest : NULL;
}

static bool take_flag(const struct ll_stack *stack, uint64_t *at, struct ll_request *request)
{
	const uint64_t start = *at;
	const char *value = take_value(stack, at, "--policy-file");

	if (value != NULL && request->policy_file == NULL) {
		request->policy_file = value;
		return true;
	}
	*at = start;
	value = take_value(stack, at, "--policy");
	if (value != NULL && request->policy_name == NULL) {
		request->policy_name = value;
		return true;
	}
	*at = start;
	value = take_value(stack, at, "--plan");
	if (value != NULL && request->plan == NULL) {
		request->plan = value;
		return true;
	}
	*at = start;
	value = take_value(stack, at, "--socket");
	if (value != NULL && request->socket == NULL) {
		request->socket = value;
		return true;
	}
	*at = start;
	value = take_value(stack, at, "--audit");
	if (value != NULL && request->audit == NULL) {
		request->audit = value;
		return true;
	}
	*at = start;
	value = take_value(stack, at, "--set");
	if (value != NULL && request->setting_count < LL_MAX_SETTINGS) {
		request->settings[request->setting_count++] = value;
		return true;
	}
	return false;
}

/* One policy, or a plan with what it goes together with. */
static bool names_one(const struct ll_request *request)
{
	if (request->plan == NULL)
		return (request->policy_file == NULL) != (request->policy_name == NULL);
	return request->policy_file == NULL && request->policy_name == NULL && request->socket == NULL &&
	       request->setting_count == 0;
}

bool ll_front_request(const struct ll_stack *stack, struct ll_request *ret_request)
{
	struct ll_request request = { 0 };
	uint64_t at = 2;

	if (stack->argc < 2 || !ll_text_is(stack->argv[1], "run"))
		return false;
	while (at < stack->argc && !ll_text_is(stack->argv[at], "--")) {
		if (!take_flag(stack, &at, &request))
			return false;
	}
	if (at + 1 >= stack->argc || !names_one(&request))
		return false;
	request.command = stack->argv + at + 1;
	*ret_request = request;
	return true;
}

const char *ll_front_variable(const struct ll_stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->envc; i++) {
		const char *rest = after(stack->envp[i], name);

		if (rest != NULL && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

struct ll_exec ll_front_exec(const struct ll_stack *stack, const struct ll_start *start,
			     const struct ll_request *request)
{
	return (struct ll_exec){
		.argv = request->command,
		.envp = stack->envp,
		.closed = start->closed_fds,
	};
}
