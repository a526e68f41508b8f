/*
 * Processes that receive a run's requests and answer what needs no Bun, from
 * the first listed file on that is asked for. Several, because SECCOMP ADDFD
 * wakes a caller and then waits for it: with one, each waits for the other's
 * CPU to come out of its sleep, and an open takes four times as long
 * (docs/broker.md). A fourth makes it slower.
 */
#ifndef LL_FRONT_RECEIVERS_H
#define LL_FRONT_RECEIVERS_H

#include "sieve.h"

#include <stdbool.h>

enum { LL_RECEIVERS = 3 };

/* They share this process's memory and fds, and die with it. */
struct ll_receivers {
	struct ll_receiver *each; /* NULL while there are none */
	int32_t ended;            /* an epoll, readable once one of them has ended */
	bool killed;              /* somebody else has ended one: an open may have gone wrong */
};

/*
 * Starts them, as hardened as the caller is. Each ends by itself over a request
 * that it leaves to the owner, and when mounts change. False where not all could be
 * started: those that were are to be stopped.
 */
bool ll_receivers_start(struct ll_receivers *ret_receivers, const struct ll_sieve *sieve);

/* Ends them. The requests that they have received and not answered: their number. */
uint32_t ll_receivers_stop(struct ll_receivers *receivers, struct ll_notif ret_requests[LL_RECEIVERS]);

#endif
