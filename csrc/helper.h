/*
 * A helper: a process that does for the broker what may block, so that nobody
 * but the caller waits. It shares our memory but not our fds: whatever it has
 * opened goes with it, however it ends.
 */
#ifndef LL_HELPER_H
#define LL_HELPER_H

#include "launch.h"

enum {
	/* openat(path, flags), and the seccomp request id answered by the fd or the errno. */
	LL_HELP_OPEN = 1,
	/* All of fd from into fd to, from where they stand, then fsync. */
	LL_HELP_COPY = 2,
};

struct ll_help {
	uint32_t kind;
	int32_t listener;
	uint64_t id;
	int32_t from;
	int32_t to;
	int32_t flags;     /* of open(2) */
	uint32_t fd_flags; /* O_CLOEXEC for the caller's fd */
	char path[32];     /* "/proc/self/fd/N": the helper's own copy of a pinned object */
};

/* Owned by the caller until ll_help_end. */
struct ll_helper {
	int32_t pid;
	int32_t pidfd; /* readable once the helper is done */
	uint64_t mapping;
};

/* Starts a helper. 0, or what mmap or clone said. */
LL_EXPORT int32_t ll_help_start(const struct ll_help *help, struct ll_helper *ret_helper);

/*
 * Takes leave of a helper that is done or was killed; blocks until it is gone.
 * The result of its work (0 or -errno), -EINTR if it was killed before it had one.
 */
LL_EXPORT int32_t ll_help_end(const struct ll_helper *helper);

#endif
