/* How the keeper ends a run as a whole, however many processes it has become. */
#ifndef LL_KILL_H
#define LL_KILL_H

#include <stdbool.h>

#include "keeper.h"

/* Where ll_open_children leaves the list of this process's children. */
enum { LL_CHILDREN_FD = 4 };

/*
 * Opened before the root may change. Without the list (CONFIG_PROC_CHILDREN,
 * no /proc) the fd isn't there, and only the workload itself can be killed.
 */
void ll_open_children(void);

/*
 * A Landlock domain around keeper and workload for its signal scope: from in
 * it kill(2) of -1 reaches the run alone, all of it at once, where a chain of
 * processes that fork faster than they are killed one by one would stay ahead.
 * Not for a workload that may signal others, as it couldn't in here, nor where
 * it takes all the layers that there are. Where any layer handles files, every
 * one denies renames between folders unless it handles and grants them, and
 * mounting is forbidden: so not for a keeper with mounts either, and without
 * files for a workload that has none.
 */
bool ll_enclose(const struct ll_run *run);

/*
 * Kills until nobody is left, all at once where that can be; else one by one:
 * the children of whoever dies become ours, as we are their subreaper.
 * workload_pid: 0 once it was reaped, for its number may be another's then.
 */
void ll_kill_all(const struct ll_run *run, long workload_pid);

#endif
