/*
 * Answers to what a seccomp listener was asked (seccomp_unotify(2)).
 *
 * A file is handed over in one step or in two. In two, SECCOMP_IOCTL_NOTIF_ADDFD
 * gives the caller an fd, and the answer tells its number: a caller that is
 * interrupted in between keeps an fd that it doesn't know of, so it takes
 * SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19). Our own fd is closed in
 * between: by the time that the caller runs on, the open file is its alone, and
 * its close(2) is the last one, which gives back locks, leases and the right to
 * execute it, and tells readers of a FIFO and watchers. In one step
 * (SECCOMP_ADDFD_FLAG_SEND, 5.14) a request is answered first, and the kernel
 * then waits until the caller has the fd. If whoever waits gets a signal, it
 * takes the fd back, but not that the call was answered: that returns 0, a file
 * that the caller has open already (kernel/seccomp.c, seccomp_notify_addfd).
 * So it is done with all signals blocked; nobody is killed who is LL_HANDING,
 * and nobody hands over who is LL_STOPPED.
 */
#ifndef LL_LISTENER_H
#define LL_LISTENER_H

#include "run/launch.h"

#include <stdbool.h>

enum ll_handing { LL_FREE, LL_HANDING, LL_STOPPED };

/*
 * ioctl(2), again for as long as it is EINTR: a signal that comes while the
 * kernel waits for the listener's lock leaves a request unanswered.
 */
long ll_listener_call(int32_t listener, uint32_t request, const void *argument);

/* An fd for who made a request. */
struct ll_gift {
	uint64_t id;
	int32_t fd;        /* ours, consumed */
	uint32_t fd_flags; /* of theirs: O_CLOEXEC, 0 */
};

/* In how many steps a file is handed over here. */
LL_EXPORT uint32_t ll_handing_steps(void);

/*
 * Answers a request by an fd. 0, or the -errno that its caller sees (EMFILE: it
 * has no room; ENOENT: it is gone). For a process that may be killed, and has all
 * signals blocked that it catches. -EINTR where handing is LL_STOPPED: then it
 * isn't answered.
 */
int32_t ll_hand_over(uint32_t *handing, int32_t listener, const struct ll_gift *gift, uint32_t steps);

/* The same for a process that nobody of ours kills. The members of a gift, but for the address of the id. */
LL_EXPORT int32_t ll_give_fd(int32_t listener, const uint64_t *id, int32_t fd, uint32_t fd_flags, uint32_t steps);

/* Before it is killed. False: not now; it ends by itself, for the caller either takes the file or is killed. */
bool ll_handing_stop(uint32_t *handing);

#endif
