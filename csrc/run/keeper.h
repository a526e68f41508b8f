/*
 * The keeper: the process between supervisor and workload. It reaps, it tells
 * the supervisor what became of the workload, and when the supervisor is gone
 * it leaves nothing of the run behind. In a PID namespace it is that
 * namespace's init.
 */
#ifndef LL_KEEPER_H
#define LL_KEEPER_H

#include "plan/apply.h"

/* One run between clone and its end; lives in the run's own mapping. */
struct ll_run {
	struct ll_state state;
	struct ll_plan plan;
	struct ll_exec exec;
	uint32_t launch_flags;
	uint32_t encloses;         /* kill(2) of -1 by the keeper reaches all of the run, and nobody else */
	int32_t channel;           /* the keeper's end */
	void *workload_stack;      /* top */
	void *warden_stack;        /* top */
	int32_t warden_pid;        /* 0 without a warden; kill.h */
	uint64_t pending;          /* bit n - 1: signal n came before there was a workload */
	struct ll_message failure; /* filled in by the workload-to-be: it shares our memory */
};

/* Entry of the keeper's process; argument is its struct ll_run. */
int ll_keeper(void *argument);

#endif
