/* Who is signalled by asynchronous I/O: the owner of a file (fcntl(2), socket(7)). */
#include "probe.h"

#include <linux/sockios.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

static long own_by_fcntl(int fd, pid_t group)
{
	return raw_call3(__NR_fcntl, fd, F_SETOWN, -(long)group);
}

/* Positive in 64 bits, and in the upper half noise: the kernel takes 32. */
static long own_by_low_half(int fd, pid_t group)
{
	return raw_call3(__NR_fcntl, fd, F_SETOWN, 0x7eadbeef00000000 | (uint32_t)-group);
}

static long own_by_struct(int fd, pid_t group)
{
	struct f_owner_ex owner = { .type = F_OWNER_PGRP, .pid = group };

	return raw_call3(__NR_fcntl, fd, F_SETOWN_EX, P(&owner));
}

static long own_by_fiosetown(int fd, pid_t group)
{
	int owner = -group;

	return raw_call3(__NR_ioctl, fd, FIOSETOWN, P(&owner));
}

static long own_by_siocspgrp(int fd, pid_t group)
{
	int owner = -group;

	return raw_call3(__NR_ioctl, fd, 0x7eadbeef00000000 | SIOCSPGRP, P(&owner));
}

/* What F_SETOWN is for: a process has its own signals. */
static long own_by_pid(int fd, pid_t group)
{
	(void)group;
	return raw_call3(__NR_fcntl, fd, F_SETOWN, getpid());
}

/* 0 if SIGIO, which the caller blocks, arrives. */
static int await_sigio(void)
{
	const struct timespec patience = { .tv_sec = 60 };
	sigset_t io;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	return sigtimedwait(&io, NULL, &patience) == SIGIO ? 0 : ETIME;
}

/* Whether asynchronous I/O of a process signals another one of its group; `alone`: itself. */
static long signal_group(long (*own)(int fd, pid_t group), bool alone)
{
	int ends[2];
	int status;
	long result;
	sigset_t io;
	pid_t member;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	sigprocmask(SIG_BLOCK, &io, NULL);
	if (setpgid(0, 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -errno;
	member = fork();
	if (member == 0)
		_exit(await_sigio());
	result = own(ends[0], getpgrp());
	if (result >= 0)
		result = fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) < 0 || write(ends[1], "x", 1) != 1 ? -errno : 0;
	if (result == 0 && alone)
		result = -await_sigio();
	if (result < 0 || alone)
		kill(member, SIGKILL);
	waitpid(member, &status, 0);
	return result < 0 || alone ? result : WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static const struct {
	const char *name;
	long (*own)(int fd, pid_t group);
} owners[] = {
	{ "fcntl", own_by_fcntl },         { "low_half", own_by_low_half },   { "struct", own_by_struct },
	{ "fiosetown", own_by_fiosetown }, { "siocspgrp", own_by_siocspgrp },
};

static long sigio_group_here(char **argv)
{
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
		if (strcmp(owners[i].name, argv[0]) == 0)
			return signal_group(owners[i].own, false);
	return -EINVAL;
}

/* sigio_group SPELLING: in a child, whose group is its own. */
static long sigio_group(char **argv)
{
	return in_child(sigio_group_here, argv);
}

static long sigio_self_here(char **argv)
{
	(void)argv;
	return signal_group(own_by_pid, true);
}

static long sigio_self(char **argv)
{
	return in_child(sigio_self_here, argv);
}

static const struct attempt attempts[] = {
	{ "sigio_group", 1, sigio_group },
	{ "sigio_self", 0, sigio_self },
	{ 0 },
};

PROBE(attempts)
