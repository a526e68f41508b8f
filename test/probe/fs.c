/* Ways to read and to write a file. */
#include "open.h"

/* ---- reading ---- */

#ifdef __NR_open
static long read_open(char **argv)
{
	return read_one(raw_call3(__NR_open, P(argv[0]), O_RDONLY, 0));
}
#endif

static long read_openat(char **argv)
{
	return read_one(openat_flags(argv[0], O_RDONLY));
}

static long read_openat2(char **argv)
{
	return read_one(openat2_at(AT_FDCWD, argv[0], (struct open_how){ .flags = O_RDONLY }));
}

/* A directory that may be opened, and a path that climbs out of it. */
static long read_dirfd(char **argv)
{
	long dir = openat_flags(argv[0], O_RDONLY | O_DIRECTORY);
	long result;

	if (dir < 0)
		return dir;
	result = read_one(raw_call4(__NR_openat, dir, P(argv[1]), O_RDONLY, 0));
	raw_call1(__NR_close, dir);
	return result;
}

static long read_dirfd_openat2(char **argv)
{
	long dir = openat_flags(argv[0], O_PATH | O_DIRECTORY);
	long result;

	if (dir < 0)
		return dir;
	result = read_one(openat2_at(dir, argv[1], (struct open_how){ .flags = O_RDONLY }));
	raw_call1(__NR_close, dir);
	return result;
}

static long read_after_chdir(char **argv)
{
	long moved = raw_call1(__NR_chdir, P(argv[0]));

	return moved < 0 ? moved : read_one(openat_flags(argv[1], O_RDONLY));
}

/* O_PATH needs no right; the reopening does. */
static long read_o_path(char **argv)
{
	char link[64];
	long pinned = openat_flags(argv[1], O_PATH);
	long result;

	if (pinned < 0)
		return pinned;
	snprintf(link, sizeof link, "%s/%ld", argv[0], pinned);
	result = read_one(openat_flags(link, O_RDONLY));
	raw_call1(__NR_close, pinned);
	return result;
}

static long read_handle(char **argv)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount;
	long dir = openat_flags(argv[0], O_PATH | O_DIRECTORY);
	long done;

	if (dir < 0)
		return dir;
	done = raw_call5(__NR_name_to_handle_at, AT_FDCWD, P(argv[1]), P(&handle), P(&mount), 0);
	if (done < 0)
		return done;
	raw_call1(__NR_close, dir);
	dir = openat_flags(argv[0], O_RDONLY | O_DIRECTORY);
	done = read_one(raw_call3(__NR_open_by_handle_at, dir, P(&handle), O_RDONLY));
	raw_call1(__NR_close, dir);
	return done;
}

static long read_directory(char **argv)
{
	char buffer[4096];
	long dir = openat_flags(argv[0], O_RDONLY | O_DIRECTORY);
	long result;

	if (dir < 0)
		return dir;
	result = raw_call3(__NR_getdents64, dir, P(buffer), sizeof buffer);
	raw_call1(__NR_close, dir);
	return result;
}

/* ---- writing ---- */

static long write_openat(char **argv)
{
	return close_it(openat_flags(argv[0], O_WRONLY));
}

static long write_rdwr(char **argv)
{
	return close_it(openat_flags(argv[0], O_RDWR));
}

static long write_append(char **argv)
{
	return close_it(openat_flags(argv[0], O_WRONLY | O_APPEND));
}

static long write_openat2(char **argv)
{
	return close_it(openat2_at(AT_FDCWD, argv[0], (struct open_how){ .flags = O_WRONLY }));
}

#ifdef __NR_open
static long write_open(char **argv)
{
	return close_it(raw_call3(__NR_open, P(argv[0]), O_WRONLY, 0));
}

static long write_creat(char **argv)
{
	return close_it(raw_call2(__NR_creat, P(argv[0]), 0600));
}
#endif

static long truncate_path(char **argv)
{
	return raw_call2(__NR_truncate, P(argv[0]), 0);
}

/* Truncates although it opens for reading only. */
static long truncate_rdonly(char **argv)
{
	return close_it(openat_flags(argv[0], O_RDONLY | O_TRUNC));
}

static const struct attempt attempts[] = {
	{ "read_openat", 1, read_openat },
	{ "read_openat2", 1, read_openat2 },
	{ "read_dirfd", 2, read_dirfd },
	{ "read_dirfd_openat2", 2, read_dirfd_openat2 },
	{ "read_after_chdir", 2, read_after_chdir },
	{ "read_o_path", 2, read_o_path },
	{ "read_handle", 2, read_handle },
	{ "read_directory", 1, read_directory },
	{ "write_openat", 1, write_openat },
	{ "write_rdwr", 1, write_rdwr },
	{ "write_append", 1, write_append },
	{ "write_openat2", 1, write_openat2 },
	{ "truncate", 1, truncate_path },
	{ "truncate_rdonly", 1, truncate_rdonly },
#ifdef __NR_open
	{ "read_open", 1, read_open },
	{ "write_open", 1, write_open },
	{ "write_creat", 1, write_creat },
#endif
	{ 0 },
};

PROBE(attempts)
