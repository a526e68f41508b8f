/*
 * The supervisor of a run: all that happens between its start and its end, in
 * one struct (struct ll_supervisor, src/plan/layout.ts) that is advanced by
 * one step at a time. Whoever drives it only decides what becomes of an event:
 * the front (front/supervise.c, front/client.c) and src/run/supervise.ts, which
 * may take a run over from the front in the middle of it.
 */
#ifndef LL_SUPERVISOR_H
#define LL_SUPERVISOR_H

#include "run/launch.h"

/* Makes it one without a run. */
LL_EXPORT void ll_supervisor_init(struct ll_supervisor *own);

/*
 * Starts a run of a checked plan. own->flags, own->audit and signals are the
 * caller's to have set; plan points to memory that stays until the keeper was
 * reaped, exec to what stays until the workload has executed. 0, or -errno and
 * nothing has been started: own->failed_stage says at what.
 */
int ll_supervisor_start(struct ll_supervisor *own, const struct ll_plan *plan, const struct ll_exec *exec);

/* The same of a plan and a launch request as bytes, which aren't used after the return: for TypeScript. */
LL_EXPORT int32_t ll_supervisor_launch(struct ll_supervisor *own, const void *plan, uint32_t plan_size, void *launch,
				       uint32_t launch_size);

/*
 * Waits, passes signals on, stops along with a workload that job control
 * stopped, passes on requests that are on no list, and puts the start on
 * record. LL_EVENT_*; timeout_ms: -1 for no end.
 *
 * A change of mounts is told before a request that came after it.
 */
LL_EXPORT int32_t ll_supervisor_step(struct ll_supervisor *own, int32_t timeout_ms);

/*
 * Lets the keeper carry out a command (LL_COMMAND_*), with a borrowed fd or
 * -1, and waits for the answer, which takes the command's place. What the
 * keeper says meanwhile is told as ever. 0, or -EPERM where it is gone.
 * *ret_fd: what came along, close-on-exec and the caller's, or -1.
 */
LL_EXPORT int32_t ll_supervisor_command(struct ll_supervisor *own, struct ll_message *command, int32_t fd,
					int32_t *ret_fd);

/*
 * Ends what is left of the run, and waits until nothing is: closing the
 * channel is what tells the keeper. Must be followed by the end on record,
 * where there is one (ll_audit_end), and ll_supervisor_release or an exit.
 */
LL_EXPORT void ll_supervisor_end(struct ll_supervisor *own);

/* Gives back what an ended run had, but for signals. */
LL_EXPORT void ll_supervisor_release(struct ll_supervisor *own);

/* For an event `failed`, before the run is ended: puts on record what was mounted, and what couldn't be. */
LL_EXPORT void ll_supervisor_tell_mounts(const struct ll_supervisor *own);

/*
 * For an event `failed`: what came for the run acts as it would have before,
 * but for signals of own->ignored_before. May end this process.
 */
LL_EXPORT void ll_supervisor_catch_up(const struct ll_supervisor *own);

/* Ends this process as a workload of this wait status ended: wait(2). */
_Noreturn void ll_supervisor_exit(int32_t wait_status);

#endif
