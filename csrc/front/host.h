/* What a host can enforce: the same facts for the compiler of plans, in TypeScript, and for the name of a plan. */
#ifndef LL_FRONT_HOST_H
#define LL_FRONT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read by src/native/host.ts. */
struct ll_host {
	uint64_t capabilities; /* effective */
	uint32_t abi;          /* of Landlock; 0 where there is none, and why in landlock_errno */
	uint32_t errata;
	uint32_t landlock_errno;
	uint32_t uid;    /* effective */
	uint32_t filter; /* 1 or 0: seccomp filters, with SECCOMP_RET_KILL_PROCESS */
	uint32_t notify; /* 1 or 0: SECCOMP_RET_USER_NOTIF */
	char release[72];
};
_Static_assert(offsetof(struct ll_host, abi) == 8, "src/native/host.ts");
_Static_assert(offsetof(struct ll_host, release) == 32, "src/native/host.ts");
_Static_assert(sizeof(struct ll_host) == 104, "src/native/host.ts");

/* A handful of system calls that change nothing. 0, or -errno of uname(2). */
__attribute__((visibility("default"))) int32_t ll_probe_host(struct ll_host *ret_host);

#endif
