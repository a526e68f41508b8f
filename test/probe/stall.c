/*
 * Whether one process that hangs holds others up.
 *
 *     stall CALL HUNG GOOD HELD COUNT MS
 *
 * A child does CALL (open, mkdir, truncate) on HUNG. Once it has ended, or HELD
 * says that it hangs, GOOD is opened COUNT times, and the child killed. Prints:
 * whether the first child was stuck by then or what its call gave, whether it
 * could be killed within MS, and the errno of the opens ("0" for none).
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

static void stall(char **argv, int count, double ms)
{
	const pid_t child = fork();
	int error = 0;
	int status = -1;

	if (child == 0) {
		/* Nobody waits for the end of our output. */
		close_range(0, 2, 0);
		_exit(hang(argv[0], argv[1]));
	}
	while (status < 0 && access(argv[3], F_OK) != 0)
		status = wait_ms(child, 1);
	for (int i = 0; i < count; i++) {
		const int fd = open(argv[2], O_RDONLY);

		if (fd < 0)
			error = errno;
		close(fd);
	}
	if (status < 0)
		status = wait_ms(child, 0);
	if (status >= 0) {
		printf("%s\n", WEXITSTATUS(status) == 0 ? "0" : strerrorname_np(WEXITSTATUS(status)));
	} else {
		puts("stuck");
		kill(child, SIGKILL);
		status = wait_ms(child, ms);
		puts(status >= 0 && WIFSIGNALED(status) ? "killed" : "alive");
	}
	puts(error == 0 ? "0" : strerrorname_np(error));
}

int main(int argc, char **argv)
{
	char text[64] = "";
	int fd;

	if (argc == 7) {
		stall(argv + 1, atoi(argv[5]), atof(argv[6]));
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
