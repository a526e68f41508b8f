/*
 * Opens a file again and again while a thread changes what the call means. Prints what it saw (words.h), after MS
 * milliseconds or as soon as it has read "secret".
 *
 *     swap flip PATH PATH MS              one path's bytes are turned into the other's
 *     swap exchange NAME NAME OPEN MS     two names are exchanged while OPEN is opened
 *     swap cwd FOLDER FOLDER NAME MS      the working directory is moved
 *     swap dirfd FOLDER FOLDER NAME MS    the fd of a folder is replaced
 *     swap made NAME SECRET MS            NAME is made, and becomes a link to SECRET meanwhile; SECRET is opened, to be
 *                                         read and written
 *
 * "swap" and an errno is what stopped the thread: then there was no attack.
 */
#include "words.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

enum { DIR_FD = 50, EXCHANGE = 2 };

static char path[4096];
static const char *one;
static const char *other;
static int folders[2];
static int at = AT_FDCWD;
static const char *opened;
static atomic_bool stop;
static atomic_int failed;

static void check(long result)
{
	if (result < 0) {
		failed = errno;
		stop = true;
	}
}

static void flip(void)
{
	memcpy(path, other, strlen(other) + 1);
	memcpy(path, one, strlen(one) + 1);
}

static void exchange(void)
{
	check(syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, EXCHANGE));
}

static void move(void)
{
	check(fchdir(folders[0]));
	check(fchdir(folders[1]));
}

static void replace(void)
{
	check(dup2(folders[0], DIR_FD));
	check(dup2(folders[1], DIR_FD));
}

/* The later in the making of one the longer it waits, up to where none is made. */
static void link_over(void)
{
	static unsigned int turn;

	unlink(path);
	check(link(other, path));
	unlink(one);
	for (volatile unsigned int i = 0; i < turn % 4000; i++)
		;
	turn += 37;
	check(rename(path, one));
}

/* As the listed file it could be opened like this. */
static void make(void)
{
	const int made = open(one, O_CREAT | O_RDWR, 0600);
	const int fd = open(other, O_RDWR);

	saw(made < 0 ? "unmade" : "made");
	saw(fd < 0 ? strerrorname_np(errno) : "secret");
	close(made);
	close(fd);
}

static void open_it(void)
{
	try_open_at(at, opened);
}

static void *swapper(void *swap)
{
	while (!stop)
		((void (*)(void))swap)();
	return NULL;
}

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void race(void (*swap)(void), void (*try)(void), double ms)
{
	const double end = now_ms() + ms;
	pthread_t thread;

	pthread_create(&thread, NULL, swapper, (void *)swap);
	while (!stop && now_ms() < end && !has_seen("secret"))
		try();
	stop = true;
	pthread_join(thread, NULL);
	print_words();
	if (failed != 0)
		printf("swap %s\n", strerrorname_np(failed));
}

int main(int argc, char **argv)
{
	const char *const kind = argc > 4 ? argv[1] : "";
	const double ms = atof(argv[argc - 1]);

	if (argc < 5)
		return 2;
	one = argv[2];
	other = argv[3];
	folders[0] = open(one, O_PATH);
	folders[1] = open(other, O_PATH);
	opened = argc == 6 ? argv[4] : path;
	snprintf(path, sizeof path, "%s", one);
	if (argc == 5 && strcmp(kind, "flip") == 0) {
		race(flip, open_it, ms);
	} else if (argc == 5 && strcmp(kind, "made") == 0) {
		snprintf(path, sizeof path, "%s.tmp", one);
		race(link_over, make, ms);
	} else if (argc == 6 && strcmp(kind, "exchange") == 0) {
		race(exchange, open_it, ms);
	} else if (argc == 6 && strcmp(kind, "cwd") == 0 && fchdir(folders[0]) == 0) {
		race(move, open_it, ms);
	} else if (argc == 6 && strcmp(kind, "dirfd") == 0 && dup2(folders[0], DIR_FD) == DIR_FD) {
		at = DIR_FD;
		race(replace, open_it, ms);
	} else {
		return 2;
	}
	return 0;
}
