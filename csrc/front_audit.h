/* Audit events in the front: the two that a plain run has, as src/audit/ writes them. */
#ifndef LL_FRONT_AUDIT_H
#define LL_FRONT_AUDIT_H

#include "front_run.h"

enum { LL_RUN_ID_SIZE = 37 };

struct ll_sink {
	int fd;
	bool owned;         /* opened here */
	const char *job_id; /* or NULL */
	char run_id[LL_RUN_ID_SIZE];
	uint32_t lost; /* events that couldn't be written */
	int error;     /* why; a positive errno */
};

/*
 * Opens a sink that takes at once what is written: a regular file. False for
 * every other, and where a text in the events would need to be quoted: Bun
 * knows how.
 */
bool ll_front_sink_open(const struct ll_stack *stack, const struct ll_request *request, const char *policy_file,
			struct ll_sink *ret_sink);

/*
 * The same for a run, with what its events call the policy in ret_policy_file.
 * False too where the kernel lacks what is an event of its own.
 */
bool ll_front_record_open(const struct ll_stack *stack, const struct ll_request *request, const char *file,
			  char ret_policy_file[LL_PATH_SIZE], struct ll_sink *ret_sink);

/* Gives back what opening took: for going on to Bun. */
void ll_front_sink_close(const struct ll_sink *sink);

void ll_front_event_start(struct ll_sink *sink, int pid, const char *policy_file, const char *argv0);

/* From the wait status of the workload. */
void ll_front_event_end(struct ll_sink *sink, int pid, int status);

#endif
