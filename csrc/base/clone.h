/* A process that shares our memory but runs on a stack of its own: what spawning without copying page tables takes. */
#ifndef LL_CLONE_H
#define LL_CLONE_H

#include <stdint.h>

/*
 * clone(2) with CLONE_VM added by the caller in flags; the child runs
 * entry(argument) on the stack that ends at stack_top (16-byte aligned) and
 * exits with what it returns. With CLONE_PIDFD in flags, *ret_pidfd is set.
 *
 * The child's pid, or -errno.
 */
long ll_clone(unsigned long flags, void *stack_top, int32_t *ret_pidfd, int (*entry)(void *), void *argument);

/* The same, with all signals blocked in the child: what a terminal sends isn't for it, and our handlers aren't its. */
long ll_clone_blocked(unsigned long flags, void *stack_top, int32_t *ret_pidfd, int (*entry)(void *), void *argument);

#endif
