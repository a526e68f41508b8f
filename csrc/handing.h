/*
 * Handing a file over, in a process that may be killed. SECCOMP_IOCTL_NOTIF_ADDFD
 * with SECCOMP_ADDFD_FLAG_SEND makes a request answered first and then waits
 * until the caller has the fd. If whoever waits is killed, the kernel takes
 * the fd back, but not that the call was answered: it returns 0, a file that
 * the caller has open already (kernel/seccomp.c, seccomp_notify_addfd). So
 * nobody is killed who is LL_HANDING, and nobody hands over who is LL_STOPPED.
 */
#ifndef LL_HANDING_H
#define LL_HANDING_H

#include <stdbool.h>
#include <stdint.h>

enum ll_handing { LL_FREE, LL_HANDING, LL_STOPPED };

static inline bool ll_handing_change(uint32_t *handing, uint32_t to)
{
	uint32_t expected = LL_FREE;

	return __atomic_compare_exchange_n(handing, &expected, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Before it. False: it isn't to be done any more. */
static inline bool ll_handing_begin(uint32_t *handing)
{
	return ll_handing_change(handing, LL_HANDING);
}

static inline void ll_handing_end(uint32_t *handing)
{
	__atomic_store_n(handing, LL_FREE, __ATOMIC_SEQ_CST);
}

/* Before it is killed. False: not now; it ends by itself, for the caller either takes the file or is killed. */
static inline bool ll_handing_stop(uint32_t *handing)
{
	return __atomic_load_n(handing, __ATOMIC_SEQ_CST) == LL_STOPPED || ll_handing_change(handing, LL_STOPPED);
}

#endif
