/* Ways to reach the network and sockets outside. */
#include "socket.h"

#include <netinet/tcp.h>
#include <stddef.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif
#define AF_SMC_FAMILY 43

static long connect_v4(char **argv)
{
	union address to = v4_address(argv[0]);

	return connect_to(socket_of(AF_INET, SOCK_STREAM, 0), &to, sizeof to.v4);
}

static long connect_v6(char **argv)
{
	union address to = v6_address("::1", argv[0]);

	return connect_to(socket_of(AF_INET6, SOCK_STREAM, 0), &to, sizeof to.v6);
}

static long connect_mapped(char **argv)
{
	union address to = v6_address("::ffff:127.0.0.1", argv[0]);

	return connect_to(socket_of(AF_INET6, SOCK_STREAM, 0), &to, sizeof to.v6);
}

/* After a disconnect, which needs no right. */
static long connect_again(char **argv)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	union address to = v4_address(argv[0]);
	long fd = socket_of(AF_INET, SOCK_STREAM, 0);
	long result;

	if (fd < 0)
		return fd;
	result = raw_call3(__NR_connect, fd, P(&nowhere), sizeof nowhere);
	return result < 0 ? result : connect_to(fd, &to, sizeof to.v4);
}

static long mptcp_v4(char **argv)
{
	union address to = v4_address(argv[0]);

	return connect_to(socket_of(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), &to, sizeof to.v4);
}

/* High bits that the kernel ignores. */
static long mptcp_high_bits(char **argv)
{
	union address to = v4_address(argv[0]);

	return connect_to(socket_of(AF_INET, SOCK_STREAM, (long)0xdeadbeef00000000 | IPPROTO_MPTCP), &to, sizeof to.v4);
}

/* ---- fast open ---- */

static struct msghdr message_to(union address *to, struct iovec *part)
{
	return (struct msghdr){ .msg_name = to, .msg_namelen = sizeof to->v4, .msg_iov = part, .msg_iovlen = 1 };
}

static long fastopen_sendto(char **argv)
{
	union address to = v4_address(argv[0]);
	long fd = socket_of(AF_INET, SOCK_STREAM, 0);

	return raw_call6(__NR_sendto, fd, P("x"), 1, MSG_FASTOPEN, P(&to), sizeof to.v4);
}

static long fastopen_sendmsg(char **argv)
{
	union address to = v4_address(argv[0]);
	struct iovec part = { "x", 1 };
	struct msghdr message = message_to(&to, &part);

	return raw_call3(__NR_sendmsg, socket_of(AF_INET, SOCK_STREAM, 0), P(&message), MSG_FASTOPEN);
}

static long fastopen_sendmmsg(char **argv)
{
	union address to = v4_address(argv[0]);
	struct iovec part = { "x", 1 };
	struct mmsghdr message = { .msg_hdr = message_to(&to, &part) };

	return raw_call4(__NR_sendmmsg, socket_of(AF_INET, SOCK_STREAM, 0), P(&message), 1, MSG_FASTOPEN);
}

/* The option that turns a later connect and write into a fast open. */
static long fastopen_connect(char **argv)
{
	union address to = v4_address(argv[0]);
	long fd = socket_of(AF_INET, SOCK_STREAM, 0);
	int on = 1;
	long result = raw_call5(__NR_setsockopt, fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, P(&on), sizeof on);

	return result < 0 ? result : connect_to(fd, &to, sizeof to.v4);
}

/* ---- binding ---- */

static long bind_v4(char **argv)
{
	union address at = v4_address(argv[0]);

	return raw_call3(__NR_bind, socket_of(AF_INET, SOCK_STREAM, 0), P(&at), sizeof at.v4);
}

static long bind_v6(char **argv)
{
	union address at = v6_address("::1", argv[0]);

	return raw_call3(__NR_bind, socket_of(AF_INET6, SOCK_STREAM, 0), P(&at), sizeof at.v6);
}

static long bind_mapped(char **argv)
{
	union address at = v6_address("::ffff:127.0.0.1", argv[0]);

	return raw_call3(__NR_bind, socket_of(AF_INET6, SOCK_STREAM, 0), P(&at), sizeof at.v6);
}

/* ---- other families ---- */

/* socket FAMILY TYPE PROTOCOL */
static long socket_any(char **argv)
{
	long fd = socket_of((long)strtoul(argv[0], NULL, 0), (long)strtoul(argv[1], NULL, 0),
			    (long)strtoul(argv[2], NULL, 0));

	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return fd;
}

static long socketpair_any(char **argv)
{
	int ends[2];

	return raw_call4(__NR_socketpair, (long)strtoul(argv[0], NULL, 0), (long)strtoul(argv[1], NULL, 0), 0, P(ends));
}

/* ---- UNIX sockets ---- */

static socklen_t abstract_address(union address *to, const char *name)
{
	*to = (union address){ .local = { .sun_family = AF_UNIX } };
	strncpy(to->local.sun_path + 1, name, sizeof to->local.sun_path - 2);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static long abstract_connect(char **argv)
{
	union address to;
	socklen_t size = abstract_address(&to, argv[0]);

	return connect_to(socket_of(AF_UNIX, SOCK_STREAM, 0), &to, size);
}

static long abstract_dgram_connect(char **argv)
{
	union address to;
	socklen_t size = abstract_address(&to, argv[0]);

	return connect_to(socket_of(AF_UNIX, SOCK_DGRAM, 0), &to, size);
}

static long abstract_sendto(char **argv)
{
	union address to;
	socklen_t size = abstract_address(&to, argv[0]);

	return raw_call6(__NR_sendto, socket_of(AF_UNIX, SOCK_DGRAM, 0), P("x"), 1, 0, P(&to), size);
}

/* abstract_server STREAM DGRAM: serves both names, says "ready", and ends with its stdin. */
static long abstract_server(char **argv)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	char byte;

	for (int i = 0; i < 2; i++) {
		union address at;
		socklen_t size = abstract_address(&at, argv[i]);
		int fd = socket(AF_UNIX, types[i], 0);

		if (bind(fd, &at.any, size) < 0 || (types[i] == SOCK_STREAM && listen(fd, 64) < 0))
			return -errno;
	}
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static long unix_connect(char **argv)
{
	union address to = { .local = { .sun_family = AF_UNIX } };

	strncpy(to.local.sun_path, argv[1], sizeof to.local.sun_path - 1);
	return connect_to(socket_of(AF_UNIX, (long)strtoul(argv[0], NULL, 0), 0), &to, sizeof to.local);
}

/* ---- UDP ---- */

static long udp_send(char **argv)
{
	union address to = v4_address(argv[0]);
	long fd = socket_of(AF_INET, SOCK_DGRAM, 0);

	return fd < 0 ? fd : raw_call6(__NR_sendto, fd, P("x"), 1, 0, P(&to), sizeof to.v4);
}

static long udp_bind(char **argv)
{
	union address at = v6_address("::1", argv[0]);
	long fd = socket_of(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);

	return fd < 0 ? fd : raw_call3(__NR_bind, fd, P(&at), sizeof at.v6);
}

static const struct attempt attempts[] = {
	{ "unix_connect", 2, unix_connect },
	{ "udp_send", 1, udp_send },
	{ "udp_bind", 1, udp_bind },
	{ "connect_v4", 1, connect_v4 },
	{ "connect_v6", 1, connect_v6 },
	{ "connect_mapped", 1, connect_mapped },
	{ "connect_again", 1, connect_again },
	{ "mptcp_v4", 1, mptcp_v4 },
	{ "mptcp_high_bits", 1, mptcp_high_bits },
	{ "fastopen_sendto", 1, fastopen_sendto },
	{ "fastopen_sendmsg", 1, fastopen_sendmsg },
	{ "fastopen_sendmmsg", 1, fastopen_sendmmsg },
	{ "fastopen_connect", 1, fastopen_connect },
	{ "bind_v4", 1, bind_v4 },
	{ "bind_v6", 1, bind_v6 },
	{ "bind_mapped", 1, bind_mapped },
	{ "socket", 3, socket_any },
	{ "socketpair", 2, socketpair_any },
	{ "abstract_connect", 1, abstract_connect },
	{ "abstract_dgram_connect", 1, abstract_dgram_connect },
	{ "abstract_sendto", 1, abstract_sendto },
	{ "abstract_server", 2, abstract_server },
	{ 0 },
};

PROBE(attempts)
