/* What the ends of a pair of UNIX sockets reach beside each other. TYPE is a number: socket(2). */
#include "socket.h"

static long pair_of(const char *type, int ret_ends[2])
{
	return raw_call4(__NR_socketpair, AF_UNIX, (long)strtoul(type, NULL, 0), 0, P(ret_ends));
}

static union address at_path(const char *path)
{
	union address at = { .local = { .sun_family = AF_UNIX } };

	strncpy(at.local.sun_path, path, sizeof at.local.sun_path - 1);
	return at;
}

static long pair(char **argv)
{
	int ends[2];

	return pair_of(argv[0], ends);
}

/* sendto TYPE PATH */
static long pair_sendto(char **argv)
{
	int ends[2];
	const union address to = at_path(argv[1]);
	const long result = pair_of(argv[0], ends);

	return result < 0 ? result : raw_call6(__NR_sendto, ends[0], P("x"), 1, 0, P(&to), sizeof to.local);
}

/* descriptor TYPE PATH: sends its own stdin along. */
static long pair_descriptor(char **argv)
{
	int ends[2];
	union address to = at_path(argv[1]);
	struct iovec part = { "x", 1 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	const struct msghdr message = { &to, sizeof to.local, &part, 1, control.bytes, sizeof control.bytes, 0 };
	const long result = pair_of(argv[0], ends);

	memset(CMSG_DATA(&control.header), 0, sizeof(int));
	return result < 0 ? result : raw_call3(__NR_sendmsg, ends[0], P(&message), 0);
}

/* connect TYPE PATH */
static long pair_connect(char **argv)
{
	int ends[2];
	const union address to = at_path(argv[1]);
	const long result = pair_of(argv[0], ends);

	return result < 0 ? result : raw_call3(__NR_connect, ends[0], P(&to), sizeof to.local);
}

/* orphan TYPE PATH: connects once the other end is gone */
static long pair_orphan(char **argv)
{
	int ends[2];
	const union address to = at_path(argv[1]);
	const long result = pair_of(argv[0], ends);

	if (result < 0)
		return result;
	raw_call1(__NR_close, ends[1]);
	return raw_call3(__NR_connect, ends[0], P(&to), sizeof to.local);
}

/* unpaired TYPE: disconnects, as AF_UNSPEC does where it is known */
static long pair_unpaired(char **argv)
{
	int ends[2];
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	const long result = pair_of(argv[0], ends);

	return result < 0 ? result : raw_call3(__NR_connect, ends[0], P(&none), sizeof none);
}

/* server TYPE: takes a name that the kernel picks (autobind), and listens */
static long pair_server(char **argv)
{
	int ends[2];
	const sa_family_t family = AF_UNIX;
	long result = pair_of(argv[0], ends);

	if (result >= 0)
		result = raw_call3(__NR_bind, ends[0], P(&family), sizeof family);
	return result < 0 ? result : raw_call2(__NR_listen, ends[0], 1);
}

static const struct attempt attempts[] = {
	{ "pair", 1, pair },
	{ "sendto", 2, pair_sendto },
	{ "descriptor", 2, pair_descriptor },
	{ "connect", 2, pair_connect },
	{ "orphan", 2, pair_orphan },
	{ "unpaired", 1, pair_unpaired },
	{ "server", 1, pair_server },
	{ 0 },
};

PROBE(attempts)
