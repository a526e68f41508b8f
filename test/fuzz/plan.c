/*
 * What C reads of a plan and of a launch request. Input: one byte that chooses, the rest is the file. Whatever passes
 * the check is then walked as the interpreter walks it: every text must lie inside the input and end there.
 */
#include "fuzz.h"

#include "../../csrc/run/launch.c"

static void fuzz_plan(const void *bytes, size_t size)
{
	struct ll_plan plan;
	int32_t op;

	if (ll_plan_check(bytes, size, &plan, &op) != 0) {
		refused();
		return;
	}
	walk_plan(&plan);
}

static void fuzz_launch(char *bytes, size_t size)
{
	struct ll_exec exec;

	if (size > UINT32_MAX || read_launch(bytes, (uint32_t)size, &exec) != 0) {
		refused();
		return;
	}
	for (char *const *each = exec.argv; *each != NULL; each++)
		walk_text(*each);
	for (char *const *each = exec.envp; *each != NULL; each++)
		walk_text(*each);
	for (char *const *each = exec.candidates; *each != NULL; each++)
		walk_text(*each);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	uint8_t *copy;

	if (size < 1)
		return 0;
	copy = copy_of(input + 1, size - 1);
	/* Bit 1: the header is of this build, so that a corpus outlives a change of the layout. */
	if ((input[0] & 2) != 0)
		fix_header(copy, size - 1);
	if ((input[0] & 1) == 0)
		fuzz_plan(copy, size - 1);
	else
		fuzz_launch((char *)copy, size - 1);
	free(copy);
	return 0;
}
