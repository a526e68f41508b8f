/* A run for which the front stays: in a PID namespace, on record, or with a broker. */
#ifndef LL_FRONT_SUPERVISE_H
#define LL_FRONT_SUPERVISE_H

#include "front/run.h"

/*
 * Runs a checked plan, and ends as its workload ends. Returns where Bun has to
 * do it, with nothing changed: NULL; or where Bun is to go on with it, because
 * somebody asks the broker for what may be on its lists: the supervisor, in
 * memory of the caller's (ret_own) that stays.
 *
 * file: of the policy, empty where it is built in.
 */
const struct ll_supervisor *ll_front_supervise(const struct ll_stack *stack, const struct ll_request *request,
					       const char *file, const struct ll_plan *plan, const struct ll_exec *exec,
					       struct ll_supervisor *ret_own);

/* Takes signals over, and starts a run: 0, or -errno with signals as they were. */
int ll_front_start(struct ll_supervisor *own, const struct ll_plan *plan, const struct ll_exec *exec);

/* The run wasn't started, or ended before anything of it ran: all is as it was before ll_front_start, for Bun. */
void ll_front_undo(struct ll_supervisor *own);

#endif
