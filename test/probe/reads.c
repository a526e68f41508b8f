/*
 * Opens a file for reading in every way that a plain program does.
 *
 *     reads ways PATH          prints what each open came to: with and without a broker it must print the same
 *     reads many PATH COUNT    eight processes, COUNT opens in each: whoever gets another file than its own, or none,
 *                              says so; descriptors 0 to 2 are other files
 *     reads turns PATH COUNT   the same, and each opens /dev/null 200 times after 20 of PATH
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of the flags that fcntl tells, O_NOFOLLOW means nothing any more, and the broker's fds lack it. */
static void show(const char *name, const char *path, int flags)
{
	const int fd = openat(AT_FDCWD, path, flags);
	char text[16] = { 0 };
	struct stat info;

	if (fd < 0) {
		printf("%s %s\n", name, strerrorname_np(errno));
		return;
	}
	const ssize_t size = read(fd, text, sizeof(text) - 1);
	printf("%s fd %d flags %o cloexec %d: %zd %s, write %s, %lld\n", name, fd, fcntl(fd, F_GETFL) & ~O_NOFOLLOW,
	       fcntl(fd, F_GETFD), size, text, write(fd, "", 1) < 0 ? strerrorname_np(errno) : "OK",
	       (long long)lseek(fd, 0, SEEK_CUR));
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		printf("%s isn't a file\n", name);
	close(fd);
}

static int ways(const char *path)
{
	const struct rlimit few = { .rlim_cur = 3, .rlim_max = 3 };
	char longer[4096];

	show("plain", path, O_RDONLY);
	show("close on exec", path, O_RDONLY | O_CLOEXEC);
	show("nonblocking", path, O_RDONLY | O_NONBLOCK);
	show("no link", path, O_RDONLY | O_NOFOLLOW | O_NOCTTY);
	show("large", path, O_RDONLY | 0100000);
	show("append", path, O_RDONLY | O_APPEND);
	show("directory", path, O_RDONLY | O_DIRECTORY);
	show("exclusive", path, O_RDONLY | O_CREAT | O_EXCL);
	show("write", path, O_WRONLY);
	show("truncate", path, O_RDONLY | O_TRUNC);
	snprintf(longer, sizeof(longer), "%s/", path);
	show("slash", longer, O_RDONLY);
	snprintf(longer, sizeof(longer), "/.%s", path);
	show("dot", longer, O_RDONLY);
	snprintf(longer, sizeof(longer), "%s.not", path);
	show("missing", longer, O_RDONLY);
	setrlimit(RLIMIT_NOFILE, &few);
	show("no room", path, O_RDONLY);
	return 0;
}

enum { PROCESSES = 8 };

static bool takes_turns;

static void open_others(void)
{
	for (int i = 0; i < 200; i++)
		close(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static int one(const char *path, long count)
{
	char text[16];

	for (long i = 0; i < count; i++) {
		const int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t size;

		if (fd < 3)
			return printf("open gave %d %s\n", fd, fd < 0 ? strerrorname_np(errno) : ""), 1;
		size = read(fd, text, sizeof(text));
		if (size != 6 || memcmp(text, "listed", 6) != 0)
			return printf("another file\n"), 1;
		close(fd);
		if (takes_turns && i % 20 == 19)
			open_others();
	}
	return 0;
}

static int many(const char *path, long count)
{
	int wrong = 0;
	int status;

	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			const int failed = one(path, count);

			fflush(stdout);
			_exit(failed);
		}
	}
	while (wait(&status) > 0)
		wrong += status != 0;
	printf("%d wrong\n", wrong);
	return wrong != 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "ways") == 0)
		return ways(argv[2]);
	if (argc == 4 && strcmp(argv[1], "many") == 0)
		return many(argv[2], atol(argv[3]));
	takes_turns = true;
	if (argc == 4 && strcmp(argv[1], "turns") == 0)
		return many(argv[2], atol(argv[3]));
	return 2;
}
