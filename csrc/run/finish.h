/*
 * The end of a plain run whose plan TypeScript has just compiled: the plan is
 * kept for the front, and this process becomes the workload. All of it from
 * the start record, by the front's own code: arguments, environment and store
 * needn't come to JavaScript and back, which costs a cold start 3 ms.
 */
#ifndef LL_FINISH_H
#define LL_FINISH_H

#include "run/launch.h"

/* What a plan was compiled from, besides the command line and the environment. Borrowed. */
struct ll_origin {
	uint64_t policy; /* its bytes; no size: it is the one built in under its name */
	uint64_t policy_size;
	uint64_t cwd; /* NUL-terminated, as the two folders of struct ll_folders */
	uint64_t folder;
};

/*
 * Where plans and the key are, or would be: two strings, each with its NUL.
 * How many bytes of ret_paths they take; 0 where there is no front, no place,
 * or a path that isn't plain ASCII.
 */
LL_EXPORT int32_t ll_store_paths(char *ret_paths, uint32_t size);

/*
 * Becomes the workload. Keeps the plan before that where origin isn't NULL.
 *
 * 0 where TypeScript has to do it (no front; not a plain command line; a
 * command that there is something to be said about; a store that isn't ready
 * to take a plan): nothing has changed then. -errno and *ret_failure as
 * ll_become: the process may by then be restricted.
 */
LL_EXPORT int32_t ll_finish(const void *plan, uint32_t plan_size, const struct ll_origin *origin,
			    struct ll_message *ret_failure);

#endif
