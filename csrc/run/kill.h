/* How the keeper ends a run as a whole, however many processes it has become. */
#ifndef LL_KILL_H
#define LL_KILL_H

#include <stdbool.h>

#include "run/keeper.h"

/* Where ll_open_watch leaves the list of this process's children, and a pipe whose reader a warden is. */
enum { LL_CHILDREN_FD = 4, LL_WARDEN_FD, LL_WARDEN_READS_FD };

/* A warden's pid, before there is one. */
enum { LL_WARDEN_WANTED = -1 };

/*
 * The list is opened before the root may change, where nothing from
 * LL_CHILDREN_FD on is open; where the root stays, not before the workload
 * runs, and only if it isn't enclosed: this takes as long as ten system calls
 * of other kinds. Without the list (CONFIG_PROC_CHILDREN, no /proc) the fd isn't
 * there, and only the workload itself can be killed.
 */
void ll_open_watch(struct ll_run *run);
void ll_keep_watch(const struct ll_run *run);

/*
 * The pid of the keeper's first child as whoever mounted the /proc that it
 * started with sees it: in a PID namespace the keeper itself only knows
 * another. -1 without the list.
 */
int ll_first_child(void);

/*
 * A Landlock domain around keeper and workload for its signal scope: from in
 * it kill(2) of -1 reaches the run alone, all of it at once, where a chain of
 * processes that fork faster than they are killed one by one would stay ahead.
 * Not for a workload that may signal others, as it couldn't in here, nor where
 * it takes all the layers that there are. Where any layer handles files, every
 * one denies renames between folders unless it handles and grants them, and
 * mounting is forbidden: so after the keeper's mounts, not around a keeper that
 * mounts while the workload runs, and without files for a workload that has none.
 */
bool ll_enclose(const struct ll_run *run);

/*
 * For a keeper that mounts while the workload runs. Called by the workload-to-be:
 * encloses it, and makes a process in the same domain, the warden, that kills
 * them all when the keeper says so, or is gone. It is the keeper's child, but
 * none of those for which wait(2) waits without __WALL. Without a warden, where
 * that fails, the run is killed one by one.
 */
void ll_post_warden(struct ll_run *run);

/* Ends a warden, and nobody else; before the keeper ends. */
void ll_dismiss_warden(struct ll_run *run);

/*
 * Kills until nobody is left, all at once where that can be; else one by one:
 * the children of whoever dies become ours, as we are their subreaper.
 * workload_pid: 0 once it was reaped, for its number may be another's then.
 */
void ll_kill_all(struct ll_run *run, long workload_pid);

#endif
