/* Opens among the sieve's requests: what their registers say, and those that it carries out by itself. */
#ifndef LL_SIEVE_OPEN_H
#define LL_SIEVE_OPEN_H

#include "broker/sieve.h"

#include <stdbool.h>

/* An open as the registers say it. */
struct ll_open_call {
	uint64_t path; /* in the caller's memory */
	int32_t folder;
	uint64_t flags;
};

struct ll_notif *ll_request_of(struct ll_sieve *sieve);

/* False for anything else, and for openat2, whose flags are in memory. */
bool ll_read_open(const struct ll_notif *request, struct ll_open_call *ret_call);

/*
 * Carries out the open of a file that stands in sieve->files: openByName of
 * src/broker/open.ts, for files that can only be read. What is opened is the
 * pinned object, whatever has its name by now. False where it isn't answered,
 * and src/broker/ has to do it: by another name, to be written, with flags
 * that take more, or under a lease.
 */
bool ll_sieve_open(struct ll_sieve *sieve);

#endif
