/* The sieve (sieve.h) over what the front has pinned: what src/broker/ tells it, without JavaScript. */
#ifndef LL_FRONT_SIEVE_H
#define LL_FRONT_SIEVE_H

#include "broker/sieve.h"
#include "plan/plan.h"

#include <stdbool.h>

/* What can still be given back to a process that goes on as another program. */
struct ll_privileges {
	struct ll_cap_data data[2];
	bool held;
};

/* A sieve for the lists of a checked plan, without a listener yet; NULL where there is no memory. */
struct ll_sieve *ll_front_sieve(const struct ll_plan *plan, const struct ll_pin *pins, uint32_t pin_count);

/* Where a mount may keep lookups waiting, nothing is looked up here: every open is for Bun, which can wait elsewhere.
 */
void ll_front_sieve_care(struct ll_sieve *sieve, bool any_slow);

/* Gives the sieve the listener whose requests it is to receive. Borrowed. */
void ll_front_sieve_listen(struct ll_sieve *sieve, int32_t listener);

/*
 * As src/broker/self.ts: nobody of the same user looks into this process from
 * now on, and it has no capabilities in effect, as its workload has none.
 */
void ll_front_harden(struct ll_privileges *ret_privileges);

/* The capabilities are in effect again: for Bun, which has files to open before it hardens itself. */
void ll_front_soften(const struct ll_privileges *privileges);

#endif
