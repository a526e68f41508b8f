/*
 * The start record: what landlockd was started with, taken down by the front
 * before Bun changes any of it (docs/bun-start.md lists what Bun changes).
 *
 * The front keeps the record on the initial stack and announces its address
 * in a private entry of the auxiliary vector, so it can't be forged through
 * the environment. Read it with getauxval(AT_LANDLOCKD): 0 means that no
 * front ran. /proc/self/auxv doesn't show the entry: that is the kernel's own
 * copy, made before the front ran.
 *
 * The record, the argument strings and the environment strings stay valid and
 * unchanged as long as the process lives: they lie above Bun's stack.
 */
#ifndef LL_START_H
#define LL_START_H

#include <stddef.h>
#include <stdint.h>

#define AT_LANDLOCKD 0x4c4c4431                     /* "LLD1"; the kernel's own types are below 64 */
#define LL_START_MAGIC UINT64_C(0x3174726174736c6c) /* "llstart1" */
#define LL_START_VERSION 2
#define LL_START_RLIMITS 16 /* RLIM_NLIMITS */

/* struct rlimit of prlimit64(2); UINT64_MAX is RLIM_INFINITY. */
struct ll_start_rlimit {
	uint64_t soft;
	uint64_t hard;
};

/* Little-endian, no holes. All pointers are addresses in this process. */
struct ll_start {
	uint64_t magic;
	uint32_t version;
	uint32_t size_bytes;     /* of this record */
	uint64_t argc;           /* at least 1 */
	uint64_t argv;           /* char *[argc + 1], NULL at the end */
	uint64_t envc;           /* entries of envp, without the NULL */
	uint64_t envp;           /* char *[envc + 1]: complete, as given, what the workload gets */
	uint64_t ignored;        /* bit n - 1: signal n was SIG_IGN */
	uint64_t blocked;        /* bit n - 1: signal n was blocked */
	uint32_t closed_fds;     /* bit n: fd n (0, 1, 2) was closed and now is /dev/null */
	int32_t status_flags[3]; /* F_GETFL of fds 0, 1, 2 as given; -1 where closed */
	struct ll_start_rlimit rlimits[LL_START_RLIMITS]; /* by RLIMIT_ number */
	uint8_t build[32];                                /* SHA-256 that names this build: what the link step linked */
	uint64_t supervisor; /* struct ll_supervisor of a run that the front has started; 0 for none */
	uint64_t warned;     /* 1: what the run is warned of was told */
};

/* The record of this process, NULL where no front ran; in the library only. */
const struct ll_start *ll_start_find(void);

_Static_assert(offsetof(struct ll_start, version) == 8, "start record layout");
_Static_assert(offsetof(struct ll_start, argc) == 16, "start record layout");
_Static_assert(offsetof(struct ll_start, envp) == 40, "start record layout");
_Static_assert(offsetof(struct ll_start, ignored) == 48, "start record layout");
_Static_assert(offsetof(struct ll_start, closed_fds) == 64, "start record layout");
_Static_assert(offsetof(struct ll_start, status_flags) == 68, "start record layout");
_Static_assert(offsetof(struct ll_start, rlimits) == 80, "start record layout");
_Static_assert(offsetof(struct ll_start, build) == 336, "start record layout");
_Static_assert(offsetof(struct ll_start, supervisor) == 368, "start record layout");
_Static_assert(offsetof(struct ll_start, warned) == 376, "start record layout");
_Static_assert(sizeof(struct ll_start) == 384, "start record layout");

#endif
