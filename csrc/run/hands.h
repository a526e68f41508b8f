/* What the keeper does for the workload while it runs: mounts that the plan allows, made inside its namespaces. */
#ifndef LL_HANDS_H
#define LL_HANDS_H

#include "plan/apply.h"

/*
 * Carries out a command (LL_COMMAND_*). fd is borrowed, or -1. The reply's
 * errno: EPERM for what no op of the plan allows, ELOOP for a symlink on the
 * way to a target, EINVAL where another mount is there than the one meant,
 * else what the kernel said. *ret_fd, owned by the caller, comes with it or
 * is -1.
 */
struct ll_message ll_hand(struct ll_state *state, const struct ll_message *command, int fd, int *ret_fd);

/* Whether a plan has anything for it to do. */
int ll_hand_needed(const struct ll_plan *plan);

#endif
