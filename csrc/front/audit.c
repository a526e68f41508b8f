#include "front/audit.h"

#include "base/raw.h"

static bool starts_with(const char *text, const char *prefix)
{
	while (*prefix != '\0' && *text == *prefix) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

/* As Bun names it: a file of the user's never looks like a policy of landlockd's own. */
static bool name_policy(const struct ll_request *request, const char *policy, char ret_name[LL_PATH_SIZE])
{
	static const char built_in[] = "built-in:";
	const char *const own[] = { built_in, request->policy_name };
	const char *const file[] = { starts_with(policy, built_in) ? "./" : "", policy };

	return ll_join(ret_name, policy[0] == '\0' ? own : file, 2) && ll_text_is_utf8(ret_name);
}

/* A scope that the kernel lacks is an event of its own (run.degraded): Bun tells it. */
static bool has_scopes(void)
{
	return raw_call3(LL_NR_landlock_create_ruleset, 0, 0, LL_LANDLOCK_CREATE_RULESET_VERSION) >= LL_ABI_SCOPES;
}

struct ll_audit *ll_front_audit(const struct ll_stack *stack, const struct ll_request *request, const char *policy)
{
	char name[LL_PATH_SIZE];
	const struct ll_audit_names names = { .sink = request->audit,
					      .job_id = ll_front_variable(stack, "LANDLOCKD_JOB_ID"),
					      .policy_file = name };
	struct ll_audit *audit;
	int32_t fd;

	if (!has_scopes() || (names.job_id != NULL && !ll_text_is_utf8(names.job_id)) ||
	    !name_policy(request, policy, name) || ll_audit_open(&names, &audit, &fd) < 0)
		return NULL;
	return audit;
}

void ll_front_end_audit(struct ll_audit *audit)
{
	int32_t error;
	const uint32_t lost = ll_audit_finish(audit, &error);

	if (lost > 0)
		ll_front_tell_lost(lost, error);
}
