/*
 * Fuzzes what C reads of a plan and of a launch request, under ASan and UBSan
 * (fuzz.test.ts builds and runs it). Input: one byte that chooses, the rest
 * is the file. Whatever passes the check is then walked as the interpreter
 * walks it: every text must lie inside the input and end there.
 */
#include <stdlib.h>
#include <string.h>

#include "../../csrc/run/launch.c"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static volatile size_t sink;

/* The positive control: with MUST_ACCEPT in the environment, an input that is refused is a crash. */
static void refused(void)
{
	if (getenv("MUST_ACCEPT") != NULL)
		abort();
}

static void fuzz_plan(const void *bytes, size_t size)
{
	struct ll_plan plan;
	int32_t op;

	if (ll_plan_check(bytes, size, &plan, &op) != 0) {
		refused();
		return;
	}
	(void)ll_plan_fork(&plan);
	for (uint32_t i = 0; i < plan.header->op_count; i++) {
		const struct ll_op *each = &plan.ops[i];

		if (each->kind != LL_OP_FILTER && each->text_size > 0 &&
		    strlen(plan.data + each->text_offset) != each->text_size)
			abort();
		for (uint32_t at = 0; at <= each->text_size; at++)
			sink += (size_t)plan.data[each->text_offset + at];
	}
}

static void fuzz_launch(char *bytes, size_t size)
{
	struct ll_exec exec;

	if (size > UINT32_MAX || read_launch(bytes, (uint32_t)size, &exec) != 0) {
		refused();
		return;
	}
	for (char *const *each = exec.argv; *each != NULL; each++)
		sink += strlen(*each);
	for (char *const *each = exec.envp; *each != NULL; each++)
		sink += strlen(*each);
	for (char *const *each = exec.candidates; *each != NULL; each++)
		sink += strlen(*each);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *copy;

	if (size < 1)
		return 0;
	/* A copy of exactly the size: one byte further is ASan's. */
	copy = malloc(size > 1 ? size - 1 : 1);
	memcpy(copy, input + 1, size - 1);
	if (input[0] % 2 == 0)
		fuzz_plan(copy, size - 1);
	else
		fuzz_launch(copy, size - 1);
	free(copy);
	return 0;
}
