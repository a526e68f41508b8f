/* A run that the front supervises: src/run/supervise.ts without JavaScript. */
#ifndef LL_FRONT_WATCH_H
#define LL_FRONT_WATCH_H

#include "front/run.h"
#include "run/launch.h"

struct ll_watch {
	struct ll_spawned spawned;
	int32_t signals;         /* signalfd */
	int32_t pidfd;           /* the workload's; -1 before it runs */
	int32_t helper_events;   /* POLLIN and the like, of the last LL_WATCH_HELPER */
	int32_t mounts;          /* the owner's mountinfo, to be watched too; -1 */
	bool mounts_changed;     /* set when it does, for the owner to take back */
	uint64_t early;          /* bit n - 1: signal n was read before there was a workload */
	uint64_t unsent;         /* those of them that are to be passed on to it */
	uint64_t mask_before;    /* what the front itself had blocked */
	uint64_t ignored_before; /* bit n - 1: signal n was; only of those that a watch changes */
};

/* How long descendants that outlive a brokered workload are still served: GRACE_MS of src/run/supervise.ts. */
enum { LL_GRACE_MS = 5000 };

/* What a wait ended with. */
enum ll_watch_event {
	LL_WATCH_MESSAGE, /* the keeper says something */
	LL_WATCH_GONE,    /* the keeper is gone */
	LL_WATCH_HELPER,  /* the helper's fd is readable */
	LL_WATCH_TIMEOUT,
};

/*
 * Starts the run. 0; -errno where not even its keeper could be started, and
 * then nothing has changed. Signals are taken over first, and the workload
 * gets them as they were then: where Bun may go on with the run, the start
 * record has to be complete before (ll_front_record_rest).
 */
int ll_watch_start(struct ll_watch *ret_watch, const struct ll_plan *plan, const struct ll_exec *exec,
		   uint32_t launch_flags);

/*
 * Waits, passes signals on meanwhile, and stops along with a workload that
 * job control stopped. helper: one more fd to watch, -1 for none.
 * timeout_ms: -1 for no end. *ret_fd: what came with a message, owned by the
 * caller, or -1; the workload's pidfd isn't told.
 */
enum ll_watch_event ll_watch_wait(struct ll_watch *watch, int helper, int64_t timeout_ms,
				  struct ll_message *ret_message, int32_t *ret_fd);

/* Ends what is left of the run, and waits until it has. */
void ll_watch_end(struct ll_watch *watch);

/*
 * Gives back what an ended run had, and signals as they were before ll_watch_start: for going on to Bun. What came
 * meanwhile comes again: most signals end this process here.
 */
void ll_watch_restore(struct ll_watch *watch);

/* Ends this process as the workload ended: wait(2). */
_Noreturn void ll_watch_exit(int32_t wait_status);

#endif
