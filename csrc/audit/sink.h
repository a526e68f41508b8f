/*
 * Where audit events go. A sink that takes none (a full disk, a closed or a stuck pipe) never stops a run: events
 * wait in bounded room, what doesn't fit is counted, and the count is told at the end.
 */
#ifndef LL_AUDIT_SINK_H
#define LL_AUDIT_SINK_H

#include "audit/text.h"

struct ll_sink {
	int fd;
	bool owned;             /* opened here */
	uint32_t type;          /* S_IFREG and the like */
	struct ll_text waiting; /* lines that the sink hasn't taken yet, and the one in the making */
	size_t line_at;         /* where in it that one begins */
	size_t taken;           /* bytes of it that the sink has taken */
	uint32_t lost;          /* events that couldn't be written */
	int error;              /* why the last of them; a positive errno */
};

/*
 * Opens what --audit names: a file (created 0600, appended to; no symbolic
 * link on the way is followed, for a workload may have put it there), fd:N, or
 * - for stderr. 0, or -errno and nothing is open: EINVAL for what is no sink,
 * EBADF for an fd that isn't open, EACCES for one that isn't open for writing,
 * else what openat2(2) says. *ret_fd: the fd that the name stands for, or -1.
 */
int ll_sink_open(const char *name, struct ll_sink *ret_sink, int32_t *ret_fd);

/* Gives back what opening took: for a sink that is opened anew. */
void ll_sink_close(struct ll_sink *sink);

/* A new line to write to, without a newline in it. */
struct ll_text *ll_sink_line(struct ll_sink *sink);

/* Ends it. The sink takes what it takes; what doesn't fit into 1 MiB in front of it is lost. */
void ll_sink_end_line(struct ll_sink *sink);

/* Waits two seconds at most for a slow sink; what it hasn't taken by then is lost. */
void ll_sink_finish(struct ll_sink *sink);

#endif
