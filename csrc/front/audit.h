/* Audit events in the front, as src/audit/ and src/run/ write them: those of a run without a broker. */
#ifndef LL_FRONT_AUDIT_H
#define LL_FRONT_AUDIT_H

#include "front/run.h"
#include "front/sink.h"

enum { LL_RUN_ID_SIZE = 37 };

/* The record of one run. */
struct ll_record {
	struct ll_sink sink;
	const char *job_id; /* or NULL */
	char run_id[LL_RUN_ID_SIZE];
	char policy_file[LL_PATH_SIZE];
};

/*
 * policy: its file, empty where it is built in. False where Bun has to write
 * the record, or to tell why there can't be one.
 */
bool ll_record_open(const struct ll_stack *stack, const struct ll_request *request, const char *policy,
		    struct ll_record *ret_record);

/*
 * The same for a run, with what its events call the policy in ret_policy_file.
 * False too where the kernel lacks what is an event of its own.
 */
bool ll_front_record_open(const struct ll_stack *stack, const struct ll_request *request, const char *file,
			  char ret_policy_file[LL_PATH_SIZE], struct ll_sink *ret_sink);

/* Gives back what opening took: for going on to Bun. */
void ll_record_close(struct ll_record *record);

/* The workload runs: what was mounted for it, and that it has begun. keeper and pid as the front sees them. */
void ll_record_start(struct ll_record *record, const struct ll_plan *plan, int keeper, int pid, const char *argv0);

/* It ended, with this wait status. Tells on stderr how many events were lost, if any. */
void ll_record_end(struct ll_record *record, int pid, int status);

#endif
