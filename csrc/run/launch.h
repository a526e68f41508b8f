/* From a plan and a launch request to a running workload: what libsandbox.so offers of it to TypeScript. */
#ifndef LL_LAUNCH_H
#define LL_LAUNCH_H

#include "plan/apply.h"

#define LL_EXPORT __attribute__((visibility("default")))

/* What ll_spawn hands back; the caller owns all of it. */
struct ll_spawned {
	int32_t keeper_pid;
	int32_t keeper_pidfd;
	int32_t channel;    /* SOCK_SEQPACKET of struct ll_message */
	int32_t foreground; /* the process group that gets its terminal back after the run; 0 for none */
	uint64_t mapping;   /* for ll_release, after the keeper was reaped */
	uint64_t mapping_size;
};

/*
 * Starts keeper and workload; how it went on comes over the channel. Nothing
 * of the arguments is used after the return.
 *
 * 0, or -errno with the stage in ret_failure: -EINVAL for a plan or launch
 * request that doesn't check, else what mmap, socketpair or clone said.
 */
LL_EXPORT int32_t ll_spawn(const void *plan, uint32_t plan_size, void *launch, uint32_t launch_size,
			   struct ll_spawned *ret_spawned, struct ll_message *ret_failure);

/*
 * The same for the front, with a plan that is checked, and what the run adds
 * to it, as they are: plan points to memory that stays until the keeper was
 * reaped, exec to what stays until the workload has executed.
 */
int ll_spawn_exec(const struct ll_plan *plan, const struct ll_exec *exec, uint32_t launch_flags,
		  struct ll_spawned *ret_spawned, struct ll_message *ret_failure);

/*
 * Becomes the workload: returns only on failure, -errno and *ret_failure as a
 * FAILED message. The calling task may by then be restricted.
 */
LL_EXPORT int32_t ll_become(const void *plan, uint32_t plan_size, void *launch, uint32_t launch_size,
			    struct ll_message *ret_failure);

/* The same from a plan that is checked; not for TypeScript. */
int32_t ll_become_state(struct ll_state *state, struct ll_message *ret_failure);

/*
 * Receives one message without blocking. 1, 0 when the other side is gone,
 * -EAGAIN when there is none, -EPROTO for one of another size. *ret_fd is the
 * fd that came along, close-on-exec and owned by the caller, or -1.
 */
LL_EXPORT int32_t ll_receive(int32_t channel, struct ll_message *ret_message, int32_t *ret_fd);

/* Unmaps what ll_spawn mapped, and gives the terminal back: for who has reaped the keeper and goes on. */
LL_EXPORT int32_t ll_release(const struct ll_spawned *spawned);

#endif
