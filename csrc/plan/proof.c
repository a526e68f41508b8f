#include "plan/proof.h"

#include <stdbool.h>

#include "base/raw.h"
#include "base/uapi.h"
#include "plan/layout.gen.h"

/* The parent is outside of every domain that this process is about to enter; 0 is one outside of our PID namespace. */
static long signal_parent(int32_t parent)
{
	return parent > 0 ? raw_call2(__NR_kill, parent, 0) : -LL_EPERM;
}

/* ptrace(2) "access mode checking": for every domain, on every ABI, who is outside is out of reach. */
static long trace_parent(int32_t parent)
{
	uint64_t head = 0;
	uint64_t size = 0;

	return parent > 0 ? raw_call3(__NR_get_robust_list, parent, raw_ptr(&head), raw_ptr(&size)) : -LL_EPERM;
}

/* unix(7): to itself. A socket belongs to the domain in which it was made. */
static long reach_socket(int32_t socket)
{
	struct ll_sockaddr_un address = { 0 };
	uint32_t size = sizeof(address);
	const long ret = raw_call3(__NR_getsockname, socket, raw_ptr(&address), raw_ptr(&size));

	if (ret < 0)
		return ret;
	return raw_call6(__NR_sendto, socket, raw_ptr(""), 0, LL_MSG_DONTWAIT | LL_MSG_NOSIGNAL, raw_ptr(&address),
			 (long)size);
}

/* No name: the kernel chooses an abstract one that is free. */
static int32_t open_socket(void)
{
	const struct ll_sockaddr_un address = { .family = LL_AF_UNIX };
	const long fd = raw_call3(__NR_socket, LL_AF_UNIX, LL_SOCK_DGRAM | LL_SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (raw_call3(__NR_bind, fd, raw_ptr(&address), sizeof(address.family)) == 0 && reach_socket((int32_t)fd) == 0)
		return (int32_t)fd;
	raw_call1(__NR_close, fd);
	return -1;
}

void ll_take_witness(struct ll_witness *ret_witness, uint64_t scoped)
{
	*ret_witness = (struct ll_witness){ .parent = (int32_t)raw_call0(__NR_getppid), .socket = -1 };
	if ((scoped & LL_LANDLOCK_SCOPE_SIGNAL) && signal_parent(ret_witness->parent) == 0) {
		ret_witness->may = LL_SIGNALS_PARENT;
		return;
	}
	if (trace_parent(ret_witness->parent) == 0) {
		ret_witness->may = LL_TRACES_PARENT;
		return;
	}
	if (scoped & LL_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET)
		ret_witness->socket = open_socket();
	if (ret_witness->socket >= 0)
		ret_witness->may = LL_REACHES_SOCKET;
}

int ll_hear_witness(const struct ll_witness *witness)
{
	long ret = -LL_EPERM;

	switch (witness->may) {
	case LL_NO_WITNESS:
		break;
	case LL_SIGNALS_PARENT:
		ret = signal_parent(witness->parent);
		break;
	case LL_TRACES_PARENT:
		ret = trace_parent(witness->parent);
		break;
	case LL_REACHES_SOCKET:
		ret = reach_socket(witness->socket);
		raw_call1(__NR_close, witness->socket);
		break;
	}
	/* ESRCH: a parent that ended meanwhile tells nothing. */
	return ret == 0 ? -LL_EPROTO : 0;
}

int ll_prove_filter(void)
{
	return raw_call3(__NR_seccomp, LL_PROOF_CALL, 0, 0) == -LL_PROOF_ERRNO ? 0 : -LL_EPROTO;
}

int ll_prove_listener(int32_t fd)
{
	const uint64_t nobody = 0;

	/* seccomp_unotify(2): ENOENT for an id that nobody waits with; anything else isn't a listener. */
	return raw_call3(__NR_ioctl, fd, LL_SECCOMP_IOCTL_NOTIF_ID_VALID, raw_ptr(&nobody)) == -LL_ENOENT ? 0
													  : -LL_EPROTO;
}
