/* Typing into the terminal that the workload shares with the shell outside, and what a shell must see of it. */
#include "probe.h"

#include <sys/ioctl.h>

/* ioctl REQUEST: on stdin, in hexadecimal, with a letter as argument. */
static long push(char **argv)
{
	char letter = 'x';

	return raw_call3(__NR_ioctl, STDIN_FILENO, (long)strtoul(argv[0], NULL, 16), P(&letter));
}

/* TIOCLINUX's subcommand 3 pastes the selection; on a pty there is none. */
static long paste(char **argv)
{
	char subcommand = 3;

	return raw_call3(__NR_ioctl, STDIN_FILENO, (long)strtoul(argv[0], NULL, 16), P(&subcommand));
}

/* Through another fd of the same terminal. */
static long push_dev_tty(char **argv)
{
	char letter = 'x';
	long fd = raw_call4(__NR_openat, AT_FDCWD, P("/dev/tty"), O_RDWR, 0);

	return fd < 0 ? fd : raw_call3(__NR_ioctl, fd, (long)strtoul(argv[0], NULL, 16), P(&letter));
}

static const struct attempt attempts[] = {
	{ "push", 1, push },
	{ "paste", 1, paste },
	{ "push_dev_tty", 1, push_dev_tty },
	{ 0 },
};

PROBE(attempts)
