/* From a plan and a launch request to a running workload: what libsandbox.so offers of it to TypeScript. */
#ifndef LL_LAUNCH_H
#define LL_LAUNCH_H

#include "base/export.h"
#include "plan/apply.h"

/*
 * Starts keeper and workload of a plan and a launch request as bytes: what own
 * is told of are the keeper, the channel and the run's mapping, which it owns;
 * how it went on comes over the channel. Nothing of the arguments is used
 * after the return.
 *
 * 0, or -errno with the stage in ret_failure: -EINVAL for a plan or launch
 * request that doesn't check, else what mmap, socketpair or clone said.
 */
int ll_spawn(const void *plan, uint32_t plan_size, void *launch, uint32_t launch_size, struct ll_supervisor *own,
	     struct ll_message *ret_failure);

/* The same with a plan that is checked, and what the run adds to it, as they are: ll_supervisor_start. */
int ll_spawn_exec(const struct ll_plan *plan, const struct ll_exec *exec, struct ll_supervisor *own,
		  struct ll_message *ret_failure);

/* Gives back the mapping, once the keeper was reaped. */
void ll_unmap_run(struct ll_supervisor *own);

/*
 * Becomes the workload: returns only on failure, -errno and *ret_failure as a
 * FAILED message. The calling task may by then be restricted.
 */
LL_EXPORT int32_t ll_become(const void *plan, uint32_t plan_size, void *launch, uint32_t launch_size,
			    struct ll_message *ret_failure);

/* The same from a plan that is checked; not for TypeScript. */
int32_t ll_become_state(struct ll_state *state, struct ll_message *ret_failure);

#endif
