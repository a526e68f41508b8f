/*
 * While this process becomes Bun, another one goes on sifting: requests that
 * are plainly on no list don't wait for Bun, and no request waits unreceived,
 * where any signal would interrupt it.
 */
#ifndef LL_FRONT_BESIDE_H
#define LL_FRONT_BESIDE_H

#include "broker/sieve.h"

/*
 * Starts it, as hardened as the caller is. It sends each request that it
 * leaves to Bun, unanswered, over own->beside, and ends, with status 0,
 * when that is shut down. It dies with the caller. Where it can't be started,
 * there is none: requests wait then.
 */
void ll_front_beside(const struct ll_sieve *sieve, struct ll_supervisor *own);

#endif
