/* Ways to change a tree of files: creating, linking, moving, removing. */
#include "open.h"

#include <sys/stat.h>

/* ---- creating ---- */

static long create_openat(char **argv)
{
	return close_it(openat_flags(argv[0], O_WRONLY | O_CREAT | O_EXCL));
}

static long create_openat2(char **argv)
{
	return close_it(openat2_at(AT_FDCWD, argv[0], (struct open_how){ .flags = O_WRONLY | O_CREAT, .mode = 0600 }));
}

static long create_dirfd(char **argv)
{
	long dir = openat_flags(argv[0], O_PATH | O_DIRECTORY);
	long result;

	if (dir < 0)
		return dir;
	result = close_it(raw_call4(__NR_openat, dir, P(argv[1]), O_WRONLY | O_CREAT, 0600));
	raw_call1(__NR_close, dir);
	return result;
}

/* An unnamed file that is given a name afterwards. */
static long create_tmpfile(char **argv)
{
	char link[64];
	long fd = openat_flags(argv[0], O_TMPFILE | O_WRONLY);
	long result;

	if (fd < 0)
		return fd;
	snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
	result = raw_call5(__NR_linkat, AT_FDCWD, P(link), AT_FDCWD, P(argv[1]), AT_SYMLINK_FOLLOW);
	raw_call1(__NR_close, fd);
	return result;
}

static long mkdirat_path(char **argv)
{
	return raw_call3(__NR_mkdirat, AT_FDCWD, P(argv[0]), 0700);
}

static long mknod_as(const char *path, long mode, long device)
{
	return raw_call4(__NR_mknodat, AT_FDCWD, P(path), mode | 0600, device);
}

static long mknod_regular(char **argv)
{
	return mknod_as(argv[0], S_IFREG, 0);
}

static long mknod_fifo(char **argv)
{
	return mknod_as(argv[0], S_IFIFO, 0);
}

static long mknod_socket(char **argv)
{
	return mknod_as(argv[0], S_IFSOCK, 0);
}

/* 0:0 is the whiteout device: the one that anybody may make. */
static long mknod_whiteout(char **argv)
{
	return mknod_as(argv[0], S_IFCHR, 0);
}

static long mknod_null(char **argv)
{
	return mknod_as(argv[0], S_IFCHR, 1 << 8 | 3);
}

static long mknod_block(char **argv)
{
	return mknod_as(argv[0], S_IFBLK, 7 << 8);
}

static long symlinkat_path(char **argv)
{
	return raw_call3(__NR_symlinkat, P(argv[0]), AT_FDCWD, P(argv[1]));
}

/* ---- linking, moving, removing ---- */

static long linkat_path(char **argv)
{
	return raw_call5(__NR_linkat, AT_FDCWD, P(argv[0]), AT_FDCWD, P(argv[1]), 0);
}

static long link_through_proc(char **argv)
{
	char link[64];
	long pinned = openat_flags(argv[0], O_PATH);
	long result;

	if (pinned < 0)
		return pinned;
	snprintf(link, sizeof link, "/proc/self/fd/%ld", pinned);
	result = raw_call5(__NR_linkat, AT_FDCWD, P(link), AT_FDCWD, P(argv[1]), AT_SYMLINK_FOLLOW);
	raw_call1(__NR_close, pinned);
	return result;
}

static long link_empty_path(char **argv)
{
	long pinned = openat_flags(argv[0], O_PATH);
	long result;

	if (pinned < 0)
		return pinned;
	result = raw_call5(__NR_linkat, pinned, P(""), AT_FDCWD, P(argv[1]), AT_EMPTY_PATH);
	raw_call1(__NR_close, pinned);
	return result;
}

static long renameat_path(char **argv)
{
#ifdef __NR_renameat
	return raw_call4(__NR_renameat, AT_FDCWD, P(argv[0]), AT_FDCWD, P(argv[1]));
#else
	return raw_call5(__NR_renameat2, AT_FDCWD, P(argv[0]), AT_FDCWD, P(argv[1]), 0);
#endif
}

static long renameat2_path(char **argv)
{
	return raw_call5(__NR_renameat2, AT_FDCWD, P(argv[0]), AT_FDCWD, P(argv[1]), 0);
}

static long rename_exchange(char **argv)
{
	return raw_call5(__NR_renameat2, AT_FDCWD, P(argv[0]), AT_FDCWD, P(argv[1]), RENAME_EXCHANGE);
}

static long unlinkat_path(char **argv)
{
	return raw_call3(__NR_unlinkat, AT_FDCWD, P(argv[0]), 0);
}

static long unlinkat_dir(char **argv)
{
	return raw_call3(__NR_unlinkat, AT_FDCWD, P(argv[0]), AT_REMOVEDIR);
}

#ifdef __NR_open
static long create_creat(char **argv)
{
	return close_it(raw_call2(__NR_creat, P(argv[0]), 0600));
}

static long create_open(char **argv)
{
	return close_it(raw_call3(__NR_open, P(argv[0]), O_RDWR | O_CREAT, 0600));
}

static long mkdir_path(char **argv)
{
	return raw_call2(__NR_mkdir, P(argv[0]), 0700);
}

static long mknod_legacy(char **argv)
{
	return raw_call3(__NR_mknod, P(argv[0]), S_IFREG | 0600, 0);
}

static long symlink_path(char **argv)
{
	return raw_call2(__NR_symlink, P(argv[0]), P(argv[1]));
}

static long link_path(char **argv)
{
	return raw_call2(__NR_link, P(argv[0]), P(argv[1]));
}

static long rename_path(char **argv)
{
	return raw_call2(__NR_rename, P(argv[0]), P(argv[1]));
}

static long unlink_path(char **argv)
{
	return raw_call1(__NR_unlink, P(argv[0]));
}

static long rmdir_path(char **argv)
{
	return raw_call1(__NR_rmdir, P(argv[0]));
}
#endif

static const struct attempt attempts[] = {
	{ "create_openat", 1, create_openat },
	{ "create_openat2", 1, create_openat2 },
	{ "create_dirfd", 2, create_dirfd },
	{ "create_tmpfile", 2, create_tmpfile },
	{ "mkdirat", 1, mkdirat_path },
	{ "mknod_regular", 1, mknod_regular },
	{ "mknod_fifo", 1, mknod_fifo },
	{ "mknod_socket", 1, mknod_socket },
	{ "mknod_whiteout", 1, mknod_whiteout },
	{ "mknod_null", 1, mknod_null },
	{ "mknod_block", 1, mknod_block },
	{ "symlinkat", 2, symlinkat_path },
	{ "linkat", 2, linkat_path },
	{ "link_through_proc", 2, link_through_proc },
	{ "link_empty_path", 2, link_empty_path },
	{ "renameat", 2, renameat_path },
	{ "renameat2", 2, renameat2_path },
	{ "rename_exchange", 2, rename_exchange },
	{ "unlinkat", 1, unlinkat_path },
	{ "unlinkat_dir", 1, unlinkat_dir },
#ifdef __NR_open
	{ "create_creat", 1, create_creat },
	{ "create_open", 1, create_open },
	{ "mkdir", 1, mkdir_path },
	{ "mknod", 1, mknod_legacy },
	{ "symlink", 2, symlink_path },
	{ "link", 2, link_path },
	{ "rename", 2, rename_path },
	{ "unlink", 1, unlink_path },
	{ "rmdir", 1, rmdir_path },
#endif
	{ 0 },
};

PROBE(attempts)
