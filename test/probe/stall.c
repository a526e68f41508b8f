/*
 * Whether one process that hangs holds others up.
 *
 *     stall CALL HUNG GOOD MS
 *
 * A child does CALL (open, mkdir, truncate) on HUNG, and another one opens GOOD
 * again and again. After MS, and after the first one was killed, it prints:
 * whether the first child was stuck by then or what its call gave, whether it
 * could be killed at once, and the errno of the opens ("0" for none);
 * the longest open in ms goes to stderr.
 *
 *     stall wait HUNG GO       opens once GO is there, and prints what it reads
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int hang(const char *call, const char *path)
{
	int result = -1;

	if (strcmp(call, "open") == 0)
		result = open(path, O_RDONLY);
	else if (strcmp(call, "mkdir") == 0)
		result = mkdir(path, 0700);
	else if (strcmp(call, "truncate") == 0)
		result = truncate(path, 0);
	return result < 0 ? errno : 0;
}

static int wait_ms(pid_t child, double ms)
{
	const double end = now_ms() + ms;
	int status = -1;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_ms() > end)
			return -1;
		usleep(1000);
	}
	return status;
}

static void stall(const char *call, const char *hung, const char *good, double ms)
{
	const pid_t child = fork();
	double end;
	double longest = 0;
	int error = 0;
	int status;

	if (child == 0) {
		/* Nobody waits for the end of our output. */
		close_range(0, 2, 0);
		_exit(hang(call, hung));
	}
	end = now_ms() + ms;
	while (now_ms() < end) {
		const double from = now_ms();
		const int fd = open(good, O_RDONLY);
		const double took = now_ms() - from;

		if (fd < 0)
			error = errno;
		close(fd);
		if (took > longest)
			longest = took;
		usleep(1000);
	}
	status = wait_ms(child, 0);
	if (status >= 0) {
		printf("%s\n", WEXITSTATUS(status) == 0 ? "0" : strerrorname_np(WEXITSTATUS(status)));
	} else {
		puts("stuck");
		kill(child, SIGKILL);
		status = wait_ms(child, 1000);
		puts(status >= 0 && WIFSIGNALED(status) ? "killed" : "alive");
	}
	puts(error == 0 ? "0" : strerrorname_np(error));
	fprintf(stderr, "%.1f\n", longest);
}

int main(int argc, char **argv)
{
	char text[64] = "";
	int fd;

	if (argc == 5) {
		stall(argv[1], argv[2], argv[3], atof(argv[4]));
		return 0;
	}
	if (argc != 4)
		return 2;
	while (access(argv[3], F_OK) != 0)
		usleep(1000);
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		puts(strerrorname_np(errno));
	else
		puts(text);
	return 0;
}
