/*
 * Attacks on a broker by asking more of it than it can take. Each prints what it saw, sorted, one word
 * a line: contents that were read, or errno names.
 *
 *     race signals PATH COUNT         a signal every millisecond, its handler restarting
 *     race killed PATH COUNT          children killed while they open
 *     race hammer PATH PROCESSES COUNT   all at once; prints how many succeeded, and the longest in ms to stderr
 *     race full PATH                  no room for one more fd
 *     race edge PATH                  a path that ends where its page does, and one that goes on where none is
 */
#include "words.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static void ignore(int signal)
{
	(void)signal;
}

static void signals(const char *path, int count)
{
	const struct itimerval each = { { 0, 1000 }, { 0, 1000 } };
	const struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
	for (int i = 0; i < count; i++)
		try_open(path);
	print_words();
}

static void killed(const char *path, int count)
{
	for (int i = 0; i < count; i++) {
		const pid_t pid = fork();

		if (pid == 0) {
			for (;;)
				try_open(path);
		}
		usleep((useconds_t)(rand() % 3000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	try_open(path);
	print_words();
}

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void hammer(const char *path, int processes, int count)
{
	struct {
		atomic_int good;
		_Atomic double longest;
	} *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		for (int j = 0; j < count; j++) {
			const double from = now_ms();
			const int fd = open(path, O_RDONLY);
			const double took = now_ms() - from;

			if (fd >= 0)
				shared->good++;
			close(fd);
			if (took > shared->longest)
				shared->longest = took;
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	printf("%d\n", shared->good);
	fprintf(stderr, "%.1f\n", shared->longest);
}

static void full(const char *path)
{
	const struct rlimit limit = { 16, 16 };

	setrlimit(RLIMIT_NOFILE, &limit);
	while (dup(1) >= 0)
		;
	try_open(path);
	close(15);
	try_open(path);
	print_words();
}

static void edge(const char *path)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *end = pages + 4096;

	munmap(end, 4096);
	memcpy(end - strlen(path) - 1, path, strlen(path) + 1);
	try_open(end - strlen(path) - 1);
	memset(pages, '/', 4096);
	try_open(end - 100);
	print_words();
}

int main(int argc, char **argv)
{
	const char *name = argc > 2 ? argv[1] : "";

	if (argc == 4 && strcmp(name, "signals") == 0) {
		signals(argv[2], atoi(argv[3]));
	} else if (argc == 4 && strcmp(name, "killed") == 0) {
		killed(argv[2], atoi(argv[3]));
	} else if (argc == 5 && strcmp(name, "hammer") == 0) {
		hammer(argv[2], atoi(argv[3]), atoi(argv[4]));
	} else if (argc == 3 && strcmp(name, "full") == 0) {
		full(argv[2]);
	} else if (argc == 3 && strcmp(name, "edge") == 0) {
		edge(argv[2]);
	} else {
		return 2;
	}
	return 0;
}
