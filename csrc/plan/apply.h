/* The plan interpreter: performs operations on the calling task. */
#ifndef LL_APPLY_H
#define LL_APPLY_H

#include "plan/plan.h"
#include "plan/proof.h"

#include <stdbool.h>

/* What one run adds to its plan. Everything is borrowed. */
struct ll_exec {
	char *const *argv;
	char *const *envp;
	char *const *candidates; /* paths for execve, in order; NULL-terminated */
	uint64_t changed; /* bit n - 1: signal n may be handled otherwise than at start; 0: nor is the mask another */
	uint64_t ignored; /* bit n - 1: signal n was ignored at start; only looked at for those of changed */
	uint64_t blocked;
	/* By nofile and stdio_flags, which Bun changes and the front doesn't: else they aren't looked at. */
	bool limited;
	uint64_t nofile_soft;
	uint64_t nofile_hard;
	int32_t stdio_flags[3]; /* F_GETFL at start; -1 leaves one alone */
	uint32_t closed;        /* bit n: fd n was closed at start */
};

/* Of ll_exec.changed: Bun's doing, and so all of them. */
#define LL_ALL_SIGNALS (~UINT64_C(0))

/* Trees of bind sources have fds from here on. */
enum { LL_SOURCE_FD_MIN = 128 };

/* What the interpreter keeps between operations. */
struct ll_state {
	const struct ll_plan *plan;
	const struct ll_exec *exec;
	int channel; /* to the supervisor; -1 where there is none */
	uint32_t ruleset_count;
	int32_t rulesets[LL_MAX_RULESETS]; /* owned until restricted */
	uint64_t scoped;                   /* LANDLOCK_SCOPE_* of all rulesets */
	struct ll_witness witness;         /* from the first ruleset that is enforced to the last */
	int32_t failed_op;
	uint32_t uid; /* effective, before any user namespace */
	uint32_t gid;
	const struct ll_op *root; /* the root op, between itself and the pivot */
	int32_t root_fd;          /* its tree */
	uint32_t source_count;
	int32_t sources[LL_MAX_BINDS]; /* trees that aren't attached yet */
};

/*
 * Performs ops [from, to). 0, or -errno of the first that failed, with its
 * index in state->failed_op.
 */
int ll_apply(struct ll_state *state, uint32_t from, uint32_t to);

/*
 * landlock_restrict_self(2). What this process itself is refused until it executes another program, it asks for on
 * purpose: since ABI 7 that is kept out of the kernel's audit log.
 */
int ll_restrict(int32_t ruleset, uint64_t flags);

/*
 * Tries the candidates with execve, as execvp(3) does but for the shell:
 * goes on after ENOENT, ENOTDIR and EACCES, and prefers to report EACCES.
 * Returns only on failure, with -errno; -ENOEXEC too for a file that exists
 * but whose interpreter doesn't.
 */
int ll_exec(const struct ll_exec *exec);

/* Sends one message, with an fd if that isn't -1. 0 or -errno. */
int ll_send(int channel, const struct ll_message *message, int fd);

/*
 * Receives one message. 1, 0 when the other side is gone, -EAGAIN with
 * MSG_DONTWAIT when there is none, -EPROTO for one of another size. *ret_fd
 * is the fd that came along, close-on-exec and owned by the caller, or -1.
 */
int ll_take(int channel, int flags, struct ll_message *ret_message, int32_t *ret_fd);

#endif
