/* What Bun can't do without, and crashes over. */
#ifndef LL_NEEDS_H
#define LL_NEEDS_H

#include <stdbool.h>

/*
 * The name of a system call that fails here although Bun needs it, with its positive errno; NULL for none. Tried in the
 * most harmless way. loads: with what landlockd's library is loaded by, which tells of it itself where nothing runs
 * yet.
 */
const char *ll_front_lacks(bool loads, int *ret_error);

#endif
