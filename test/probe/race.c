/*
 * Attacks on a broker by asking more of it than it can take. Each prints what it saw, sorted, one word
 * a line: contents that were read, or errno names.
 *
 *     race signals PATH COUNT         a signal every millisecond, its handler restarting
 *     race killed PATH COUNT          children killed while they open
 *     race hammer PATH PROCESSES COUNT   all at once; prints how many succeeded, and the longest in ms to stderr
 *     race full PATH                  no room for one more fd
 *     race once FOLDER COUNT          a folder made and removed, a signal every millisecond; until it goes wrong
 *     race twice FOLDER COUNT         the same; how often of COUNT it went wrong
 *     race storm PATH COUNT           processes that open it, some killed; what became of the others
 *     race waiting FIFO PATH COUNT SECONDS   so many wait for FIFO; PATH meanwhile, for SECONDS at most, and "after" it
 *     race restarted FIFO COUNT       so many wait for FIFO, a signal every millisecond, its handler restarting
 *     race interrupted FIFO           FIFO, which nobody writes, until a signal whose handler doesn't restart
 */
#include "words.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static void ignore(int signal)
{
	(void)signal;
}

static void interrupt(void)
{
	const struct itimerval each = { { 0, 1000 }, { 0, 1000 } };
	const struct sigaction action = { .sa_handler = ignore, .sa_flags = SA_RESTART };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &each, NULL);
}

static void signals(const char *path, int count)
{
	interrupt();
	for (int i = 0; i < count; i++)
		try_open(path);
	print_words();
}

static void killed(const char *path, int count)
{
	for (int i = 0; i < count && !has_seen("ENOSYS"); i++) {
		const pid_t pid = fork();

		if (pid == 0) {
			for (;;)
				try_open(path);
		}
		usleep((useconds_t)(rand() % 3000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		try_open(path);
	}
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

	/* Whoever asks first waits for the supervisor's start. */
	close(open(path, O_RDONLY));
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
	/* No more than these: under a loop of its own, the one that serves is a child too. */
	for (int i = 0; i < processes; i++)
		wait(NULL);
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

static void remember(const char *call, long result)
{
	char word[WORD_SIZE];

	snprintf(word, sizeof word, "%s %s", call, result == 0 ? "OK" : strerrorname_np(errno));
	saw(word);
}

static void once(const char *folder, int count)
{
	char path[4096];

	interrupt();
	snprintf(path, sizeof path, "%s/once", folder);
	for (int i = 0; i < count && word_count <= 2; i++) {
		remember("mkdirat", mkdirat(AT_FDCWD, path, 0700));
		remember("unlinkat", unlinkat(AT_FDCWD, path, AT_REMOVEDIR));
	}
	print_words();
}

static void twice(const char *folder, int count)
{
	char path[4096];
	int wrong = 0;

	interrupt();
	snprintf(path, sizeof path, "%s/once", folder);
	for (int i = 0; i < count; i++) {
		const bool made = mkdirat(AT_FDCWD, path, 0700) == 0;

		wrong += unlinkat(AT_FDCWD, path, AT_REMOVEDIR) != 0 || !made;
	}
	printf("%d\n", wrong);
}

/* What became of a child: a word for each errno that one ended with. */
static void saw_end(int status)
{
	if (WIFEXITED(status))
		saw(WEXITSTATUS(status) == 0 ? "OK" : strerrorname_np(WEXITSTATUS(status)));
}

static pid_t opener(const char *path)
{
	const pid_t pid = fork();

	if (pid == 0) {
		const int fd = open(path, O_RDONLY);

		_exit(fd < 0 ? errno : 0);
	}
	return pid;
}

static void storm(const char *path, int count)
{
	pid_t pids[16] = { 0 };
	int status;

	for (int i = 0; i < count && !has_seen("ENOSYS"); i++) {
		pid_t *const slot = &pids[i % 16];

		if (*slot > 0) {
			waitpid(*slot, &status, 0);
			saw_end(status);
		}
		*slot = opener(path);
		if (i % 3 == 0) {
			usleep((useconds_t)(rand() % 500));
			kill(*slot, SIGKILL);
		}
	}
	while (wait(&status) > 0)
		saw_end(status);
	try_open(path);
	print_words();
}

static void waiting(const char *fifo, const char *path, int count, unsigned seconds)
{
	const struct sigaction action = { .sa_handler = ignore };
	pid_t pids[256];
	int status;

	for (int i = 0; i < count; i++)
		pids[i] = opener(fifo);
	usleep(200000);
	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
	try_open(path);
	for (int i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], &status, 0);
		saw_end(status);
	}
	print_words();
	usleep(400000);
	word_count = 0;
	alarm(seconds);
	try_open(path);
	puts("after");
	print_words();
}

static pid_t interrupted_opener(const char *path)
{
	const pid_t pid = fork();

	if (pid == 0) {
		interrupt();
		const int fd = open(path, O_RDONLY);

		_exit(fd < 0 ? errno : 0);
	}
	return pid;
}

/* Comes to write again and again: it may have met one who was interrupted just then. */
static void restarted(const char *fifo, int count)
{
	int status;

	for (int i = 0; i < count; i++)
		interrupted_opener(fifo);
	usleep(300000);
	for (int left = count; left > 0;) {
		const int fd = open(fifo, O_WRONLY | O_NONBLOCK);

		usleep(1000);
		close(fd);
		for (; waitpid(-1, &status, WNOHANG) > 0; left--)
			saw_end(status);
	}
	print_words();
}

static void interrupted(const char *fifo)
{
	const struct sigaction action = { .sa_handler = ignore };

	sigaction(SIGALRM, &action, NULL);
	ualarm(200000, 0);
	try_open(fifo);
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
	} else if (argc == 4 && strcmp(name, "once") == 0) {
		once(argv[2], atoi(argv[3]));
	} else if (argc == 4 && strcmp(name, "twice") == 0) {
		twice(argv[2], atoi(argv[3]));
	} else if (argc == 4 && strcmp(name, "storm") == 0) {
		storm(argv[2], atoi(argv[3]));
	} else if (argc == 6 && strcmp(name, "waiting") == 0 && atoi(argv[4]) <= 256) {
		waiting(argv[2], argv[3], atoi(argv[4]), (unsigned)atoi(argv[5]));
	} else if (argc == 4 && strcmp(name, "restarted") == 0) {
		restarted(argv[2], atoi(argv[3]));
	} else if (argc == 3 && strcmp(name, "interrupted") == 0) {
		interrupted(argv[2]);
	} else {
		return 2;
	}
	return 0;
}
