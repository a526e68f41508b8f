#include "front/beside.h"

#include <stdbool.h>

#include "base/clone.h"
#include "base/file.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "front/run.h"

enum { LISTENER_FD, SOCKET_FD, FIRST_OTHER_FD };
enum { STACK_SIZE = 64 * 1024, PAIR = 2, NOTIF_SIZE = sizeof(struct ll_notif) };

struct beside {
	struct ll_sieve sieve;
	int32_t listener;
	int32_t socket;
	int32_t parent;
};

/*
 * The two fds that it needs, and nothing else of the run: above all not the
 * supervisor's end of the channel. Both have higher numbers: fds 0 to 2 were
 * open before there was a run (front/record.c).
 */
static bool keep_fds(const struct beside *own)
{
	return raw_call3(__NR_dup3, own->listener, LISTENER_FD, LL_O_CLOEXEC) == LISTENER_FD &&
	       raw_call3(__NR_dup3, own->socket, SOCKET_FD, LL_O_CLOEXEC) == SOCKET_FD &&
	       raw_call3(__NR_close_range, FIRST_OTHER_FD, (long)~0U, 0) == 0;
}

static bool forward(const struct ll_sieve *sieve)
{
	long ret;

	do
		ret = raw_call6(__NR_sendto, SOCKET_FD, raw_ptr(sieve->request), NOTIF_SIZE, LL_MSG_NOSIGNAL, 0, 0);
	while (ret == -LL_EINTR);
	return ret == NOTIF_SIZE;
}

/* In memory of its own. A request is answered or forwarded before it looks whether Bun is there. */
static int run_beside(void *argument)
{
	struct beside *own = argument;
	struct ll_pollfd fds[] = { { .fd = LISTENER_FD, .events = LL_POLLIN },
				   { .fd = SOCKET_FD, .events = LL_POLLIN } };

	if (raw_call5(__NR_prctl, LL_PR_SET_PDEATHSIG, LL_SIGKILL, 0, 0, 0) < 0 ||
	    raw_call0(__NR_getppid) != own->parent || !keep_fds(own))
		return 1;
	own->sieve.listener = LISTENER_FD;
	for (;;) {
		raw_call5(__NR_ppoll, raw_ptr(fds), 2, 0, 0, 0);
		if (fds[1].revents != 0)
			return 0;
		if (fds[0].revents & LL_POLLIN) {
			if (ll_sieve_receive(&own->sieve) == 1 && !forward(&own->sieve))
				return 1;
		} else if (fds[0].revents & LL_POLLHUP) {
			fds[0].fd = -1; /* nobody is left who could ask */
		}
	}
}

void ll_front_beside(const struct ll_sieve *sieve, struct ll_supervisor *own)
{
	int32_t pair[PAIR];
	char *stack = ll_map_memory(STACK_SIZE);
	struct beside beside = { .sieve = *sieve, .listener = own->listener };
	int32_t unused;
	long pid;

	if (stack == NULL ||
	    raw_call4(__NR_socketpair, LL_AF_UNIX, LL_SOCK_SEQPACKET | LL_SOCK_CLOEXEC, 0, raw_ptr(pair)) < 0)
		return;
	beside.socket = pair[1];
	beside.parent = (int32_t)raw_call0(__NR_getpid);
	pid = ll_clone_blocked(0, stack + STACK_SIZE, &unused, run_beside, &beside);
	raw_call1(__NR_close, pair[1]);
	raw_call2(__NR_munmap, raw_ptr(stack), STACK_SIZE);
	if (pid < 0) {
		raw_call1(__NR_close, pair[0]);
		return;
	}
	own->beside_pid = (int32_t)pid;
	own->beside = pair[0];
}
