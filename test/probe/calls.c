/*
 * Calls on files, by chance, with flags and paths that may be wrong:
 *
 *     calls FOLDER SEED COUNT
 *
 * Prints each call and what it came to. From the same seed in a folder with nothing in it, it must print the same with
 * and without a broker. Whiteouts, devices, sockets and RESOLVE_CACHED aren't among the calls: they differ.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../csrc/base/raw.h"

#define P(pointer) ((long)(uintptr_t)(pointer))

#define ANY(list) ((list)[below(sizeof(list) / sizeof(*(list)))])

enum { LONG_SIZE = 5000, SHOWN_MAX = 24 };

static uint32_t state;
static const char *folder;
static long dirs[4];
static char too_long[LONG_SIZE];

/* xorshift32 */
static uint32_t below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

static const char *name(void)
{
	static const char *const names[] = { "f",    "f",      "g",     "h",  "d",    "d",        "e",      "d/f",
					     "d/g",  "d/e",    "e/f",   "l",  "m",    "none",     "nope/x", "f/x",
					     "l/x",  "dir",    "dir/f", "f/", "d/",   "e//",      "none/",  "d/.",
					     "d/..", "dir/..", ".",     "",   "loop", "./d/../f", "d/e/f" };

	switch (below(40)) {
	case 0:
		return (const char *)8;
	case 1:
		return too_long;
	default:
		return ANY(names);
	}
}

static void show(const char *path)
{
	if ((uintptr_t)path < 4096)
		printf(" (bad)");
	else
		printf(" \"%.*s\"", SHOWN_MAX, path);
}

/* A path, its folder, and their text. Some are absolute. */
static const char *path_in(long *ret_dir)
{
	static char absolute[2][8192];
	static int turn;
	const char *path = name();
	const uint32_t dir = below(12);

	*ret_dir = dir < 4 ? dirs[dir] : AT_FDCWD;
	printf(" %u", dir < 4 ? dir : 4);
	show(path);
	if (below(4) != 0 || (uintptr_t)path < 4096 || path == too_long || *path == '\0')
		return path;
	printf("/");
	turn = !turn;
	snprintf(absolute[turn], sizeof absolute[turn], "%s/%s", folder, path);
	return absolute[turn];
}

static uint32_t flag(uint32_t value)
{
	printf(" %x", value);
	return value;
}

/* Nobody is there whom the open of a FIFO could wait for. */
static uint32_t waits(long dir, const char *path)
{
	struct stat info;

	if ((uintptr_t)path < 4096)
		return 0;
	return fstatat((int)dir, path, &info, 0) == 0 && S_ISFIFO(info.st_mode) ? O_NONBLOCK : 0;
}

static uint32_t open_flags(void)
{
	static const uint32_t flags[] = { O_CREAT,   O_EXCL,     O_TRUNC, O_APPEND,    O_DIRECTORY, O_NOFOLLOW,
					  O_TMPFILE, O_NONBLOCK, O_PATH,  0x20000000u, 0x40000000u, O_CREAT };
	uint32_t all = below(4);

	for (uint32_t count = below(4); count > 0; count--)
		all |= ANY(flags);
	return all;
}

static long close_it(long fd)
{
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return fd;
}

static long call_openat(void)
{
	long dir;
	const char *path = path_in(&dir);
	const uint32_t flags = flag(open_flags());

	return close_it(
		raw_call4(__NR_openat, dir, P(path), flags | waits(dir, path), flag(below(2) ? 0640 : 0177777)));
}

static long call_openat2(void)
{
	static const uint64_t resolves[] = { 0, 0, 0, 1, 2, 4, 8, 0x10, 0x18, 0x40, 1ULL << 40 };
	static const uint64_t modes[] = { 0, 0, 0, 0640, 0640, 07777, 010000, 1ULL << 33 };
	static const long sizes[] = { 24, 24, 24, 24, 24, 24, 24, 23, 0, 32, 40, 5000 };
	long dir;
	const char *path = path_in(&dir);
	const uint64_t unknown = below(12) == 0 ? 1ULL << 33 : 0;
	struct {
		struct open_how how;
		uint64_t rest[1024];
	} longer = { .how = { open_flags() | unknown, ANY(modes), ANY(resolves) } };
	const long size = ANY(sizes);

	longer.rest[1] = below(2);
	printf(" %llx %llo %llx %ld", (unsigned long long)longer.how.flags, (unsigned long long)longer.how.mode,
	       (unsigned long long)longer.how.resolve, size);
	longer.how.flags |= waits(dir, path);
	return close_it(raw_call4(__NR_openat2, dir, P(path), P(&longer), size));
}

static long call_mkdirat(void)
{
	long dir;
	const char *path = path_in(&dir);

	return raw_call3(__NR_mkdirat, dir, P(path), flag(below(2) ? 0700 : 0177777));
}

static long call_mknodat(void)
{
	static const uint32_t types[] = { 0, S_IFREG, S_IFIFO, S_IFIFO, S_IFDIR, S_IFLNK, S_IFMT, 0030000 };
	long dir;
	const char *path = path_in(&dir);

	return raw_call4(__NR_mknodat, dir, P(path), flag(ANY(types) | (below(2) ? 0600 : 07777)), flag(below(2) * 5));
}

static long call_unlinkat(void)
{
	static const uint32_t flags[] = { 0, 0, 0, AT_REMOVEDIR, AT_REMOVEDIR, 0x100, 0x201, 1, 0x80000000u };
	long dir;
	const char *path = path_in(&dir);

	return raw_call3(__NR_unlinkat, dir, P(path), flag(ANY(flags)));
}

static long call_renameat2(void)
{
	/* 6 and 3: what can't be together. */
	static const uint32_t flags[] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 6, 7, 8, 0x100, 0x80000000u };
	long dirs_of[2];
	const char *from = path_in(&dirs_of[0]);
	const char *to = path_in(&dirs_of[1]);

	return raw_call5(__NR_renameat2, dirs_of[0], P(from), dirs_of[1], P(to), flag(ANY(flags)));
}

static long call_linkat(void)
{
	static const uint32_t flags[] = { 0, 0, 0, 0x400, 0x400, 0x1000, 0x1400, 0x200, 0x100, 0x401, 0x80000000u };
	long dirs_of[2];
	const char *from = path_in(&dirs_of[0]);
	const char *to = path_in(&dirs_of[1]);

	uint32_t given = ANY(flags);

	/* The kernel asks then who has opened the folder (LOOKUP_LINKAT_EMPTY): with a broker it wasn't the caller. */
	if (dirs_of[0] != AT_FDCWD && (uintptr_t)from >= 4096 && *from != '\0')
		given &= ~(uint32_t)AT_EMPTY_PATH;
	return raw_call5(__NR_linkat, dirs_of[0], P(from), dirs_of[1], P(to), flag(given));
}

static long call_symlinkat(void)
{
	static const char *const targets[] = { "", "f", "d", "g", "none", "loop", "../d/f", too_long };
	const char *target = ANY(targets);
	long dir;
	const char *path;

	show(target);
	path = path_in(&dir);
	return raw_call3(__NR_symlinkat, P(target), dir, P(path));
}

static long call_truncate(void)
{
	static const long sizes[] = { 0, 10, -1 };
	long dir;
	const char *path = path_in(&dir);
	const long size = ANY(sizes);

	printf(" %ld", size);
	return raw_call2(__NR_truncate, P(path), size);
}

static const struct {
	const char *name;
	long (*run)(void);
} calls[] = {
	{ "openat", call_openat },   { "openat2", call_openat2 },     { "mkdirat", call_mkdirat },
	{ "mknodat", call_mknodat }, { "unlinkat", call_unlinkat },   { "renameat2", call_renameat2 },
	{ "linkat", call_linkat },   { "symlinkat", call_symlinkat }, { "truncate", call_truncate },
	{ "mkdirat", call_mkdirat }, { "openat", call_openat },
};

int main(int argc, char **argv)
{
	if (argc != 4 || chdir(argv[1]) != 0)
		return 2;
	folder = argv[1];
	state = (uint32_t)atoi(argv[2]) * 2654435761u + 1;
	memset(too_long, 'a', sizeof too_long - 1);
	umask(027);
	mkdirat(AT_FDCWD, "dir", 0700);
	if (symlinkat("loop", AT_FDCWD, "loop") != 0)
		return 2;
	dirs[0] = openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dirs[1] = openat(AT_FDCWD, "dir", O_PATH | O_CLOEXEC);
	dirs[2] = openat(AT_FDCWD, "plain", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	dirs[3] = 99;
	for (int i = 0; i < atoi(argv[3]); i++) {
		const uint32_t which = below(sizeof calls / sizeof *calls);
		long result;

		printf("%d %s", i, calls[which].name);
		result = calls[which].run();
		printf(" = %s\n", result < 0 ? strerrorname_np((int)-result) : "OK");
	}
	return 0;
}
