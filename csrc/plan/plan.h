/* A compiled plan as C sees it: checked once, then read in place. */
#ifndef LL_PLAN_H
#define LL_PLAN_H

#include "plan/layout.gen.h"

#include <stdbool.h>

struct ll_plan {
	const struct ll_header *header;
	const struct ll_op *ops;
	const char *data;
};

/*
 * Checks every byte of a plan that the interpreter will rely on.
 *
 * 0, or -EINVAL (not a plan of this build, malformed, or one that would run
 * its workload with less than every run gets) with the index of the
 * offending op, -1 for the header, in *ret_op. *ret_plan borrows bytes.
 */
int ll_plan_check(const void *bytes, size_t size, struct ll_plan *ret_plan, int32_t *ret_op);

/* The index of the fork op; every checked plan has exactly one. */
uint32_t ll_plan_fork(const struct ll_plan *plan);

/* The bind source of a checked plan that has this number, as its bind ops name it. */
const struct ll_op *ll_plan_source(const struct ll_plan *plan, uint64_t number);

/* Whether the workload of a checked plan asks a broker. */
bool ll_plan_is_brokered(const struct ll_plan *plan);

#endif
