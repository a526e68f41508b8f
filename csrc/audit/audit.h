/*
 * Audit events (docs/audit.md) and the sink that they go to, for the front and
 * for TypeScript alike: what every event has, and all of a run's own events,
 * is written here; src/audit/ only names the fields of the others.
 */
#ifndef LL_AUDIT_H
#define LL_AUDIT_H

#include "audit/sink.h"
#include "base/export.h"
#include "plan/plan.h"

enum { LL_RUN_ID_SIZE = 37 }; /* a UUID with its NUL */

/* What is on record of one run, or of a daemon. Lives in a mapping of its own, strings and all. */
struct ll_audit {
	struct ll_sink sink;
	const char *job_id; /* or NULL */
	const char *policy_file;
	size_t size; /* of the mapping */
	char run_id[LL_RUN_ID_SIZE];
};

/* What an audit is opened with. Borrowed for the call; all are UTF-8. */
struct ll_audit_names {
	const char *sink;        /* as --audit has it */
	const char *job_id;      /* or NULL */
	const char *policy_file; /* of run.start */
};

/*
 * Opens a sink. 0, or -errno: as ll_sink_open, ENOMEM, what getrandom(2) says.
 * *ret_fd: the fd that the sink's name stands for; -1 where it names a file.
 */
LL_EXPORT int32_t ll_audit_open(const struct ll_audit_names *names, struct ll_audit **ret_audit, int32_t *ret_fd);

/* Gives back all that opening took, and writes nothing: the sink is opened anew. */
void ll_audit_give_back(struct ll_audit *audit);

/* An event of any kind. fields: the rest of its JSON object, without its braces, or empty. job_id: NULL for the run's
 * own. */
LL_EXPORT void ll_audit_write(struct ll_audit *audit, const char *event, const char *job_id, const char *fields,
			      uint32_t size);

/* The workload runs: what was mounted for it, and that it has begun. keeper and pid as this process sees them. */
void ll_audit_start(struct ll_audit *audit, const struct ll_plan *plan, int keeper, int pid, const char *argv0);

/* It couldn't be started: what was mounted, up to the op that failed (-1: it was none) with this positive errno. */
void ll_audit_mounts(struct ll_audit *audit, const struct ll_plan *plan, int keeper, int32_t failed_op, int error);

/* It ended, with this wait status. */
LL_EXPORT void ll_audit_end(struct ll_audit *audit, int32_t pid, int32_t status);

/* Waits a little for a slow sink. How many events it didn't take; *ret_error: why the last of them, a positive errno.
 */
LL_EXPORT uint32_t ll_audit_finish(struct ll_audit *audit, int32_t *ret_error);

#endif
