/*
 * A run that the front has started and that Bun goes on with, in the same
 * process: src/run/resume.ts. The start record has the address; the memory
 * and all that it names stay until the process ends.
 */
#ifndef LL_HANDOFF_H
#define LL_HANDOFF_H

#include "run/launch.h"

#include <stddef.h>

enum { LL_MAX_PINS = 256, LL_NOTIF_SIZE = 80, LL_MAX_ASKS = 3, LL_HANDOFF_ID_SIZE = 40 };

/* A folder; or a file of a list, and the folder that it is in. */
struct ll_pin {
	int32_t folder;
	int32_t file; /* -1 for a folder, and for a file of allow_write that isn't there yet */
};

/* Little-endian, no holes. Pointers are addresses in this process; fds and the run are Bun's from here. */
struct ll_handoff {
	struct ll_spawned spawned;
	uint64_t plan; /* the checked plan */
	uint64_t plan_size;
	uint64_t waiting; /* what the sink hasn't taken yet: less than a line, or one */
	uint64_t waiting_size;
	uint64_t blocked;   /* bit n - 1: signal n was blocked before the run; more are now */
	int32_t pid;        /* the workload's */
	int32_t pidfd;      /* of it */
	int32_t listener;   /* of its seccomp filter */
	int32_t status;     /* its wait status, -1 while it runs */
	int32_t grace_ms;   /* what is left for its descendants, once it ended */
	int32_t sink;       /* of audit events; -1 for none. run.start is in it, waiting or lost */
	uint32_t lost;      /* events that the sink didn't take */
	int32_t lost_errno; /* why; positive */
	uint32_t asks;      /* how many of requests are there: each was received and not answered */
	uint32_t pin_count;
	int32_t beside_pid; /* of who answers meanwhile: front/beside.h; 0 for nobody */
	int32_t beside;     /* its socket: a datagram for each request that is left to Bun */
	uint32_t sink_type; /* S_IFREG and the like */
	uint32_t reserved;
	uint8_t requests[LL_MAX_ASKS][LL_NOTIF_SIZE]; /* struct seccomp_notif */
	char run_id[LL_HANDOFF_ID_SIZE];              /* with a NUL; where there is a sink */
	struct ll_pin pins[LL_MAX_PINS];              /* of the plan's `listed` ops, in their order */
};

_Static_assert(offsetof(struct ll_handoff, plan) == 32, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, pid) == 72, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, sink) == 92, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, asks) == 104, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, beside_pid) == 112, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, requests) == 128, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, run_id) == 368, "handoff layout");
_Static_assert(offsetof(struct ll_handoff, pins) == 408, "handoff layout");

#endif
