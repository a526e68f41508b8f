/* Whether this process is what every run is: one attempt for each wall, each of which succeeds outside. */
#include "open.h"

#include <linux/capability.h>
#include <linux/io_uring.h>
#include <sys/prctl.h>

static long read_file(char **argv)
{
	return read_one(openat_flags(argv[0], O_RDONLY));
}

static long write_file(char **argv)
{
	return close_it(openat_flags(argv[0], O_WRONLY));
}

static long make_file(char **argv)
{
	return close_it(openat_flags(argv[0], O_WRONLY | O_CREAT));
}

static long make_ring(char **argv)
{
	struct io_uring_params params = { 0 };

	(void)argv;
	return close_it(raw_call2(__NR_io_uring_setup, 1, P(&params)));
}

/* 0 where a capability is there, or may come back. */
static long have_capabilities(char **argv)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	long ret = raw_call2(__NR_capget, P(&header), P(data));

	(void)argv;
	if (ret < 0)
		return ret;
	return data[0].permitted | data[1].permitted | data[0].effective | data[1].effective ? 0 : -EPERM;
}

static long gain_privileges(char **argv)
{
	(void)argv;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : -EPERM;
}

/* An fd that was inherited. */
static long use_descriptors(char **argv)
{
	(void)argv;
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 0;
	return -EBADF;
}

static long end(char **argv)
{
	_exit(atoi(argv[0]));
}

static const struct attempt attempts[] = {
	{ "read", 1, read_file },
	{ "write", 1, write_file },
	{ "make", 1, make_file },
	{ "ring", 0, make_ring },
	{ "capabilities", 0, have_capabilities },
	{ "privileges", 0, gain_privileges },
	{ "descriptors", 0, use_descriptors },
	{ "end", 1, end },
	{ 0 },
};

PROBE(attempts)
