/*
 * The command line of a plain run, and its environment, as the front reads them. Input: words that end with NUL, an
 * empty one between arguments and environment. What is found points into the words.
 */
#include "fuzz.h"

#include "../../csrc/front/request.c"

enum { WORDS_MAX = 64 };

/* The words from *at on, up to an empty one or the end; their number. */
static uint64_t take_words(char **at, char *end, char *ret_words[WORDS_MAX + 1])
{
	uint64_t count = 0;

	while (*at < end && **at != '\0') {
		if (count < WORDS_MAX)
			ret_words[count++] = *at;
		*at += strlen(*at) + 1;
	}
	*at += *at < end;
	ret_words[count] = NULL;
	return count;
}

static void walk_request(const struct ll_request *request)
{
	const char *const texts[] = { request->policy_file, request->policy_name, request->plan, request->socket,
				      request->audit };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] != NULL)
			walk_text(texts[i]);
	for (size_t i = 0; i < request->setting_count; i++)
		walk_text(request->settings[i]);
	if (request->setting_count > LL_MAX_SETTINGS || request->command[0] == NULL)
		abort();
	for (char **each = request->command; *each != NULL; each++)
		walk_text(*each);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *argv[WORDS_MAX + 1];
	char *envp[WORDS_MAX + 1];
	char *copy = malloc(size + 1);
	char *at = copy;
	struct ll_request request;
	struct ll_stack stack = { .argv = argv, .envp = envp };

	memcpy(copy, input, size);
	copy[size] = '\0';
	stack.argc = take_words(&at, copy + size, argv);
	stack.envc = take_words(&at, copy + size, envp);
	if (ll_front_request(&stack, &request))
		walk_request(&request);
	else
		refused();
	for (size_t i = 0; i < stack.envc; i++) {
		const char *value = ll_front_variable(&stack, envp[i]);

		if (value != NULL)
			walk_text(value);
	}
	free(copy);
	return 0;
}
