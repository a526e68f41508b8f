/*
 * Processes that receive a run's requests and answer what needs no Bun. One
 * is enough to pass on: it waits for nothing but the listener, which takes a
 * tenth less than to poll it beside all else. Handing files over takes
 * several, because SECCOMP ADDFD wakes a caller and then waits for it: with
 * one, each waits for the other's CPU to come out of its sleep, and an open
 * takes more than twice as long (docs/broker.md). A fourth makes it slower.
 */
#ifndef LL_FRONT_RECEIVERS_H
#define LL_FRONT_RECEIVERS_H

#include "broker/sieve.h"

#include <stdbool.h>

enum { LL_RECEIVERS_MAX = 3 };

/*
 * They share this process's memory and die with it. Each has a table of fds of
 * its own: what one had just opened when it is ended is closed with it.
 */
struct ll_receivers {
	struct ll_receiver *each; /* NULL while there are none */
	int32_t ended;            /* an epoll, readable once one of them has ended */
	uint32_t count;
	bool killed; /* somebody else has ended one: an open may have gone wrong */
};

/*
 * Starts one, or LL_RECEIVERS_MAX, as hardened as the caller is. Each ends by
 * itself over a request that it leaves to the owner, when mounts change, and
 * where the other number would be better: one when it is LL_HEAT_HOT, several
 * when one of them has cooled down. False where not all could be started: those
 * that were are to be stopped.
 */
bool ll_receivers_start(struct ll_receivers *ret_receivers, const struct ll_sieve *sieve, uint32_t count);

/* Ends them. The requests that they have received and not answered: their number. ret_heat: of the hottest. */
uint32_t ll_receivers_stop(struct ll_receivers *receivers, struct ll_notif ret_requests[LL_RECEIVERS_MAX],
			   uint32_t *ret_heat);

#endif
