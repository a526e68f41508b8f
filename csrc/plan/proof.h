/*
 * Whether the kernel has done what it says. A host that answers 0 and restricts nothing (an emulator, a broken
 * backport, a filter around us) would leave a run unconfined without a word.
 */
#ifndef LL_PROOF_H
#define LL_PROOF_H

#include <stdint.h>

/* What this process may do as long as it is in no further domain: taken before it is restricted. */
struct ll_witness {
	enum { LL_NO_WITNESS, LL_SIGNALS_PARENT, LL_TRACES_PARENT, LL_REACHES_SOCKET } may;
	int32_t parent; /* its pid */
	int32_t socket; /* owned; of an abstract address that is the kernel's choice */
};

/*
 * Finds something that a domain with these scopes (LANDLOCK_SCOPE_*) takes away and that works now: two system calls in
 * most runs. None where the parent is another user's, before ABI 6.
 */
void ll_take_witness(struct ll_witness *ret_witness, uint64_t scoped);

/* 0 where that is gone, or there is no witness; -EPROTO where it still works: nothing was restricted. */
int ll_hear_witness(const struct ll_witness *witness);

/*
 * Asks the deny filter that was put in place last: each answers seccomp(2) with LL_PROOF_CALL as its operation by
 * LL_PROOF_ERRNO, and the kernel by EINVAL. 0, or -EPROTO.
 */
int ll_prove_filter(void);

/* 0 where the fd is what seccomp(2) gives for SECCOMP_FILTER_FLAG_NEW_LISTENER, or -EPROTO. */
int ll_prove_listener(int32_t fd);

#endif
