/* Ways to listen. */
#include "socket.h"

/* Listening without bind: the kernel picks a port. Somebody connects to it. */
static long listen_unbound(char **argv)
{
	const int family = atoi(argv[0]) == 4 ? AF_INET : AF_INET6;
	union address at;
	socklen_t size = sizeof at;
	long fd = socket_of(family, SOCK_STREAM, 0);
	long result = fd < 0 ? fd : raw_call2(__NR_listen, fd, 1);

	if (result < 0)
		return result;
	if (getsockname((int)fd, &at.any, &size) < 0)
		return -errno;
	/* The port is at the same place in both. */
	return at.v4.sin_port == 0 ? -EADDRNOTAVAIL : 0;
}

/* bind, then listen, at a port that the kernel picks */
static long listen_bound(char **argv)
{
	union address at = v4_address(argv[0]);
	long fd = socket_of(AF_INET, SOCK_STREAM, 0);
	long result = fd < 0 ? fd : raw_call3(__NR_bind, fd, P(&at), sizeof at.v4);

	return result < 0 ? result : raw_call2(__NR_listen, fd, 1);
}

/* listen_unix PATH: serves, connects to itself, and removes it. */
static long listen_unix(char **argv)
{
	union address at = { .local = { .sun_family = AF_UNIX } };
	long fd = socket_of(AF_UNIX, SOCK_STREAM, 0);
	long result = fd;

	strncpy(at.local.sun_path, argv[0], sizeof at.local.sun_path - 1);
	if (result >= 0)
		result = raw_call3(__NR_bind, fd, P(&at), sizeof at.local);
	if (result >= 0)
		result = raw_call2(__NR_listen, fd, 1);
	if (result >= 0)
		result = connect_to(socket_of(AF_UNIX, SOCK_STREAM, 0), &at, sizeof at.local);
	raw_call3(__NR_unlinkat, AT_FDCWD, P(argv[0]), 0);
	return result;
}

static const struct attempt attempts[] = {
	{ "listen_unbound", 1, listen_unbound },
	{ "listen_bound", 1, listen_bound },
	{ "listen_unix", 1, listen_unix },
	{ 0 },
};

PROBE(attempts)
