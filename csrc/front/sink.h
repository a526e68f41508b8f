/* Where audit events go, as src/audit/writer.ts has it: nothing about a sink ever stops a run. */
#ifndef LL_FRONT_SINK_H
#define LL_FRONT_SINK_H

#include "front/text.h"

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

/* Opens what --audit names. False where Bun has to tell what is wrong with it; nothing is open then. */
bool ll_sink_open(const char *name, struct ll_sink *ret_sink);

/* Gives back what opening took: for going on to Bun, which opens it anew. */
void ll_sink_close(struct ll_sink *sink);

/* A new line to write to, without a newline in it. */
struct ll_text *ll_sink_line(struct ll_sink *sink);

/* Ends it. The sink takes what it takes; what doesn't fit into 1 MiB in front of it is lost. */
void ll_sink_end_line(struct ll_sink *sink);

/* Waits two seconds at most for a slow sink; what it hasn't taken by then is lost. */
void ll_sink_finish(struct ll_sink *sink);

#endif
