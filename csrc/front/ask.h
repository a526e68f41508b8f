/* What the front asks a daemon for, before there is a run. */
#ifndef LL_FRONT_ASK_H
#define LL_FRONT_ASK_H

#include "front/frame.h"

/* A connection to a daemon, with room for one frame. */
struct ll_client {
	int socket;
	struct ll_frame frame;
	bool brokered; /* the plan has a listener for the daemon */
};

/*
 * Connects and asks for the plan of a run, in memory of the caller's own.
 * False, with nothing left open, where there is none to be had or the answer
 * is one that only Bun can explain.
 */
bool ll_ask_daemon(struct ll_client *ret_client, const struct ll_stack *stack, const struct ll_start *start,
		   const struct ll_request *request, const struct ll_bytes *policy, const char *file,
		   struct ll_bytes *ret_plan);

#endif
