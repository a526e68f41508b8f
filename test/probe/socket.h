/* Sockets and their addresses, for the probes of networks. */
#ifndef SOCKET_H
#define SOCKET_H

#include "probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
};

static inline union address v4_address(const char *port)
{
	union address to = { .v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) } };

	to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return to;
}

static inline union address v6_address(const char *host, const char *port)
{
	union address to = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port)) } };

	inet_pton(AF_INET6, host, &to.v6.sin6_addr);
	return to;
}

static inline long socket_of(long family, long type, long protocol)
{
	return raw_call3(__NR_socket, family, type | SOCK_CLOEXEC, protocol);
}

/* Consumes the socket. */
static inline long connect_to(long fd, const void *address, long size)
{
	long result;

	if (fd < 0)
		return fd;
	result = raw_call3(__NR_connect, fd, P(address), size);
	raw_call1(__NR_close, fd);
	return result;
}

#endif
