/*
 * What every probe shares: a static program with a table of named attempts.
 *
 *     fs open /etc/passwd + mkdir /tmp/x
 *
 * makes each attempt in turn and prints one line per attempt: "open OK",
 * "open EACCES", or "open SIGSYS" where a child that made it was killed.
 * A name or a number of arguments that isn't in the table ends the probe
 * with status 2: a misspelt attempt never looks like a denied one.
 *
 * Attempts are raw system calls, so that the spelling is exact.
 */
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../csrc/base/raw.h"

struct attempt {
	const char *name;
	int argc;
	/* >= 0, -errno, or KILLED_BY(signal). */
	long (*run)(char **argv);
};

#define KILLED_BY(signal) (-1000L - (signal))
#define KILLER(result) ((int)(-1000L - (result)))

/* A pointer as a raw system call's argument. */
#define P(pointer) ((long)(uintptr_t)(pointer))

/* The result of a libc call in the attempts' convention. */
__attribute__((unused)) static long from_libc(long result)
{
	return result < 0 ? -errno : result;
}

/* Runs an attempt in a child and hands on its errno or the signal that ended it. */
__attribute__((unused)) static long in_child(long (*run)(char **argv), char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		long result = run(argv);

		_exit(result < 0 ? (int)-result : 0);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFSIGNALED(status))
		return KILLED_BY(WTERMSIG(status));
	return -WEXITSTATUS(status);
}

static void print_result(const char *name, long result)
{
	if (result >= 0)
		printf("%s OK\n", name);
	else if (result <= -1000)
		printf("%s SIG%s\n", name, sigabbrev_np(KILLER(result)));
	else
		printf("%s %s\n", name, strerrorname_np((int)-result));
	fflush(stdout);
}

/* Makes the attempts of argv; returns the exit status. */
static int probe_main(const struct attempt *attempts, int argc, char **argv)
{
	for (int i = 1; i < argc;) {
		const struct attempt *each = attempts;
		int end = i + 1;

		while (end < argc && strcmp(argv[end], "+") != 0)
			end++;
		while (each->name && strcmp(each->name, argv[i]) != 0)
			each++;
		if (!each->name || each->argc != end - i - 1) {
			fprintf(stderr, "%s: no attempt %s with %d arguments\n", argv[0], argv[i], end - i - 1);
			return 2;
		}
		print_result(argv[i], each->run(argv + i + 1));
		i = end + 1;
	}
	return 0;
}

#define PROBE(attempts) \
	int main(int argc, char **argv) \
	{ \
		return probe_main((attempts), argc, argv); \
	}

#endif
