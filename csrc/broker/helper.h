/*
 * A helper: a process that does for the broker what may block, so that nobody
 * but the caller waits. It shares our memory but not our fds: whatever it has
 * opened goes with it, however it ends. Of our fds it keeps only those that its
 * work is about: one that can't be killed, because a server doesn't answer the
 * kernel, must not hold anybody's pipe open.
 */
#ifndef LL_HELPER_H
#define LL_HELPER_H

#include "run/launch.h"

enum ll_help_kind {
	/* openat(path, flags, mode), and the seccomp request id answered by the fd or the errno. */
	LL_HELP_OPEN = 1,
	/* As many bytes as file from has by now into fd to, from where they stand, then fsync. */
	LL_HELP_COPY = 2,
	/*
	 * openat2(args), from the object that path leads to if there is one. The
	 * fd is sent over the socket to, with its struct statx: on some filesystems
	 * asking for that waits as well.
	 */
	LL_HELP_OPENAT2 = 3,
	/* The system call with these args; from and to are the fds among them. */
	LL_HELP_CALL = 4,
};

struct ll_help {
	uint32_t kind;
	int32_t listener;
	uint64_t id;
	int32_t from; /* -1 for none, as listener and to */
	int32_t to;
	int32_t flags;     /* of open(2) */
	uint32_t fd_flags; /* O_CLOEXEC for the caller's fd */
	char path[32];     /* "/proc/self/fd/N": the helper's own copy of a pinned object; "/proc/PID/cwd" */
	uint32_t mode;     /* of open(2) */
	int32_t call;
	uint64_t args[5]; /* what they point to stays until ll_help_end */
};

/* Owned by the caller until ll_help_end. */
struct ll_helper {
	int32_t pid;
	int32_t pidfd; /* readable once the helper is done */
	uint64_t mapping;
};

/* Starts a helper. 0, or what mmap or clone said. */
LL_EXPORT int32_t ll_help_start(const struct ll_help *help, struct ll_helper *ret_helper);

/* Kills a helper. 0 for one that hands a file over: it is done in a moment (listener.h). Else 1. */
LL_EXPORT int32_t ll_help_kill(const struct ll_helper *helper);

/*
 * Takes leave of a helper that is done or was killed; blocks until it is gone.
 * The result of its work (0 or -errno), -EINTR if it was killed before it had one.
 */
LL_EXPORT int32_t ll_help_end(const struct ll_helper *helper);

#endif
