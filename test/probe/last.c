/*
 * Whether a close is a file's last: what others see when it returned is what they see where nobody else had the file
 * open. Each prints its name and how often out of COUNT it wasn't so.
 *
 *     last KIND PATH COUNT [held]
 *
 *     flock     a lock is free for another descriptor
 *     ofd       the same of F_OFD_SETLK
 *     lease     a file that was opened can be leased for writing: nobody else has it open
 *     readlease a file that was written can be leased for reading: nobody else can write it
 *     execute   what was written can be executed; PATH is a script of this program then
 *     watch     IN_CLOSE_WRITE is there
 *     fifo      the reader of a FIFO has its end; PATH is one
 *
 * "held": another descriptor of the file stays open, as a supervisor's would: so it is never so.
 *
 *     last nothing              what the script is for: ends with status 0
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

static bool held;

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(99);
	}
	return result;
}

/* The close in question. What it returns is what "held" keeps; -1. */
static int close_it(int fd)
{
	const int other = held ? must(fcntl(fd, F_DUPFD_CLOEXEC, 0), "dup") : -1;

	close(fd);
	return other;
}

static bool is_locked(const char *path, bool ofd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	const int one = must(open(path, O_RDWR), path);
	const int other = must(open(path, O_RDWR), path);
	int kept;
	int result;

	must(ofd ? fcntl(one, F_OFD_SETLK, &whole) : flock(one, LOCK_EX | LOCK_NB), "lock");
	kept = close_it(one);
	result = ofd ? fcntl(other, F_OFD_SETLK, &whole) : flock(other, LOCK_EX | LOCK_NB);
	if (result < 0 && errno != EWOULDBLOCK)
		must(-1, "lock again");
	close(other);
	close(kept);
	return result < 0;
}

static bool wrong_flock(const char *path)
{
	return is_locked(path, false);
}

static bool wrong_ofd(const char *path)
{
	return is_locked(path, true);
}

/* After `flags`, EAGAIN of a lease that those who have the file open stand in the way of (fcntl(2)). */
static bool is_open(const char *path, int flags, int lease)
{
	const int one = must(open(path, flags), path);
	const int kept = close_it(one);
	const int other = must(open(path, O_RDONLY), path);
	const int result = fcntl(other, F_SETLEASE, lease);

	if (result < 0 && errno != EAGAIN)
		must(-1, "F_SETLEASE");
	close(other);
	close(kept);
	return result < 0;
}

static bool wrong_lease(const char *path)
{
	return is_open(path, O_RDONLY, F_WRLCK);
}

static bool wrong_readlease(const char *path)
{
	return is_open(path, O_WRONLY, F_RDLCK);
}

static bool wrong_execute(const char *path)
{
	static char self[PATH_MAX];
	const int fd = must(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700), path);
	char *const argv[] = { (char *)(uintptr_t)path, NULL };
	int status;
	int kept;
	pid_t pid;

	if (self[0] == '\0')
		must((int)readlink("/proc/self/exe", self, sizeof self - 1), "/proc/self/exe");
	dprintf(fd, "#!%s nothing\n", self);
	kept = close_it(fd);
	pid = fork();
	if (pid == 0) {
		execv(path, argv);
		_exit(errno == ETXTBSY ? 1 : 2);
	}
	must(waitpid(pid, &status, 0), "waitpid");
	close(kept);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		must(-1, "execv");
	return WEXITSTATUS(status) == 1;
}

static bool wrong_watch(const char *path)
{
	char events[4096];
	const int watch = must(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1");
	const int fd = must(open(path, O_WRONLY), path);
	int kept;
	bool wrong;

	must(inotify_add_watch(watch, path, IN_CLOSE_WRITE), "inotify_add_watch");
	kept = close_it(fd);
	wrong = read(watch, events, sizeof events) < 0;
	close(watch);
	close(kept);
	return wrong;
}

static bool wrong_fifo(const char *path)
{
	char text[2];
	const int reader = must(open(path, O_RDONLY | O_NONBLOCK), path);
	const int writer = must(open(path, O_WRONLY), path);
	int kept;
	bool wrong;

	must((int)write(writer, "x", 1), "write");
	kept = close_it(writer);
	wrong = read(reader, text, 1) != 1 || read(reader, text, 1) != 0;
	close(reader);
	close(kept);
	return wrong;
}

static const struct {
	const char *name;
	bool (*is_wrong)(const char *path);
} kinds[] = {
	{ "flock", wrong_flock },         { "ofd", wrong_ofd },         { "lease", wrong_lease },
	{ "readlease", wrong_readlease }, { "execute", wrong_execute }, { "watch", wrong_watch },
	{ "fifo", wrong_fifo },
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "nothing") == 0)
		return 0;
	held = argc == 5 && strcmp(argv[4], "held") == 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && (argc == 4 || held); i++) {
		int wrong = 0;

		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		for (int j = 0; j < atoi(argv[3]); j++)
			wrong += kinds[i].is_wrong(argv[2]);
		printf("%s %d\n", argv[1], wrong);
		return 0;
	}
	return 2;
}
