/* Paths that a broker could misread, or follow in its own place instead of the caller's. Each reads a byte of a file.
 */
#include "open.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>

enum { PAGE = 4096, LONGEST = 4096 };

/* The last bytes of a page, before one that isn't there. */
static char *page_end(void)
{
	static char *end;

	if (!end) {
		char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		end = pages + PAGE;
		munmap(end, PAGE);
	}
	return end;
}

static long at_page_end(char **argv)
{
	const size_t size = strlen(argv[0]) + 1;

	return read_one(openat_flags(memcpy(page_end() - size, argv[0], size), O_RDONLY));
}

/*
 * Opens PATH, so that a broker has it in its buffer, and then asks for the same without its last three bytes and the
 * NUL, at the end of a page.
 */
static long cut_off(char **argv)
{
	const size_t size = strlen(argv[0]) - 3;

	close_it(openat_flags(argv[0], O_RDONLY));
	return read_one(openat_flags(memcpy(page_end() - size, argv[0], size), O_RDONLY));
}

/* A path whose first 4095 bytes are PATH, behind slashes; it goes on. */
static long too_long(char **argv)
{
	char path[LONGEST + 16];
	const size_t size = strlen(argv[0]);

	memset(path, '/', sizeof path);
	memcpy(path + LONGEST - 1 - size, argv[0], size);
	strcpy(path + LONGEST - 1, ".other");
	return read_one(openat_flags(path, O_RDONLY));
}

/* 4095 bytes and the NUL. */
static long longest(char **argv)
{
	char path[LONGEST];
	const size_t size = strlen(argv[0]) + 1;

	memset(path, '/', sizeof path);
	memcpy(path + LONGEST - size, argv[0], size);
	return read_one(openat_flags(path, O_RDONLY));
}

static long at_address(char **argv)
{
	return read_one(raw_call4(__NR_openat, AT_FDCWD, (long)strtoull(argv[0], NULL, 0), O_RDONLY, 0));
}

/* Relative to a folder's fd, which O_PATH gives. */
static long empty(char **argv)
{
	return read_one(raw_call4(__NR_openat, openat_flags(argv[0], O_PATH), P(""), O_RDONLY, 0));
}

/* through_fd PREFIX PATH: PATH pinned, and opened through PREFIX and the fd's number. %d in PREFIX is our pid. */
static long through_fd(char **argv)
{
	char prefix[64];
	char link[128];
	long pin = openat_flags(argv[1], O_PATH);
	long result;

	if (pin < 0)
		return pin;
	if (snprintf(prefix, sizeof prefix, argv[0], getpid(), getpid()) >= (int)sizeof prefix)
		return -ENAMETOOLONG;
	snprintf(link, sizeof link, "%s/%ld", prefix, pin);
	result = read_one(openat_flags(link, O_RDONLY));
	raw_call1(__NR_close, pin);
	return result;
}

/* through PREFIX PATH: one of our own links, and what follows. */
static long through(char **argv)
{
	char path[LONGEST];

	if (snprintf(path, sizeof path, argv[0], getpid(), getpid()) >= 64)
		return -ENAMETOOLONG;
	strncat(path, argv[1], sizeof path - strlen(path) - 1);
	return read_one(openat_flags(path, O_RDONLY));
}

/* The same after the working directory is FOLDER. */
static long through_cwd(char **argv)
{
	const long moved = raw_call1(__NR_chdir, P(argv[0]));

	return moved < 0 ? moved : through(argv + 1);
}

/* ---- from a root, or among mounts, of the caller's own: argv is FOLDER or FILE, and PATH ---- */

static long in_own_root(char **argv)
{
	if (unshare(CLONE_NEWUSER) != 0 || chroot(argv[0]) != 0)
		return -errno;
	return read_one(openat_flags(argv[1], O_RDONLY));
}

static long own_root(char **argv)
{
	return in_child(in_own_root, argv);
}

static long in_own_mounts(char **argv)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return -errno;
	return read_one(openat_flags(argv[0], O_RDONLY));
}

static long own_mounts(char **argv)
{
	return in_child(in_own_mounts, argv);
}

static long on_own_mount(char **argv)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || mount(argv[0], argv[1], NULL, MS_BIND, NULL) != 0)
		return -errno;
	return read_one(openat_flags(argv[1], O_RDONLY));
}

static long own_mount(char **argv)
{
	return in_child(on_own_mount, argv);
}

static const struct attempt attempts[] = {
	{ "own_root", 2, own_root },
	{ "own_mounts", 1, own_mounts },
	{ "own_mount", 2, own_mount },
	{ "at_page_end", 1, at_page_end },
	{ "cut_off", 1, cut_off },
	{ "too_long", 1, too_long },
	{ "longest", 1, longest },
	{ "at_address", 1, at_address },
	{ "empty", 1, empty },
	{ "through_fd", 2, through_fd },
	{ "through", 2, through },
	{ "through_cwd", 3, through_cwd },
	{ 0 },
};

PROBE(attempts)
