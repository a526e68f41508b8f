/* Whether Bun can live in this process: where it can't, it ends by a signal and a report of its own. */
#ifndef LL_FRONT_ROOM_H
#define LL_FRONT_ROOM_H

#include "native/start.h"

#include <stdbool.h>
#include <stdint.h>

/* What Bun lacks, for ll_front_fail_room to tell. */
struct ll_lack {
	const char *what;
	const char *unit; /* of has and needs; NULL where there are no figures */
	uint64_t has;
	uint64_t needs;
	int error; /* where something was tried; else 0 */
};

/*
 * Whether the limits are such that Bun starts; with a complete start record.
 * false: *ret_lack tells which isn't. No system call.
 */
bool ll_front_is_within(const struct ll_start *start, struct ll_lack *ret_lack);

/* The same, and whether what only trying can tell is there. Nothing is changed. */
bool ll_front_room(const struct ll_start *start, struct ll_lack *ret_lack);

/* Whether memory is limited: Bun is then told to reserve less of it (front/front.c). */
bool ll_front_is_cramped(const struct ll_start *start);

#endif
