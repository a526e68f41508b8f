/* Whether any mount may keep a lookup waiting: src/broker/slow-mounts.ts, as far as the front asks. */
#ifndef LL_FRONT_SLOW_H
#define LL_FRONT_SLOW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * An fd of our own mountinfo, for the next one; -1. Poll says POLLPRI once for
 * each change (fs/proc_namespace.c).
 */
int32_t ll_open_mounts(void);

/* Whether a filesystem isn't the kernel's own, or that can't be told. */
bool ll_any_slow(int32_t mounts);

#endif
