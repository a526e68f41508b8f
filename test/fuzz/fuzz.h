/* What the harnesses of test/fuzz share. They have a libc; what they fuzz has none. */
#ifndef LL_TEST_FUZZ_H
#define LL_TEST_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

static volatile size_t sink;

/* The positive control: with MUST_ACCEPT in the environment, an input that is refused is a crash. */
static inline void refused(void)
{
	if (getenv("MUST_ACCEPT") != NULL)
		abort();
}

/* Of exactly the size: one byte further is the sanitizer's. */
static inline uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	memcpy(copy, bytes, size);
	return copy;
}

static inline void walk_text(const char *text)
{
	sink += strlen(text);
}

static inline void walk_bytes(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sink += bytes[i];
}

/* Every text of a plan that passed its check lies inside of it and ends there. */
static inline void walk_plan(const struct ll_plan *plan)
{
	(void)ll_plan_fork(plan);
	for (uint32_t i = 0; i < plan->header->op_count; i++) {
		const struct ll_op *each = &plan->ops[i];

		if (each->kind != LL_OP_FILTER && each->text_size > 0 &&
		    strlen(plan->data + each->text_offset) != each->text_size)
			abort();
		walk_bytes((const uint8_t *)plan->data + each->text_offset, (size_t)each->text_size + 1);
	}
}

static inline void fix_header(uint8_t *bytes, size_t size)
{
	static const uint32_t digest[8] = LL_LAYOUT_DIGEST;
	struct ll_header header;

	if (size < sizeof(header))
		return;
	memcpy(&header, bytes, sizeof(header));
	header.magic = LL_PLAN_MAGIC;
	memcpy(header.digest, digest, sizeof(digest));
	header.size = (uint32_t)size;
	memcpy(bytes, &header, sizeof(header));
}

#endif
