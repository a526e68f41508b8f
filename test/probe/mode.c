/* Mode bits: chmod, and what makes a file, by every spelling. MODE is octal. */
#include "open.h"

#include <endian.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452 /* Linux 6.6; the same number on every architecture */
#endif

static long mode_of(const char *text)
{
	return (long)strtoul(text, NULL, 8);
}

static long fchmod_path(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), O_RDONLY, 0);

	return fd < 0 ? fd : raw_call2(__NR_fchmod, fd, mode_of(argv[0]));
}

static long fchmodat_path(char **argv)
{
	return raw_call3(__NR_fchmodat, AT_FDCWD, P(argv[1]), mode_of(argv[0]));
}

static long fchmodat2_path(char **argv)
{
	return raw_call4(__NR_fchmodat2, AT_FDCWD, P(argv[1]), mode_of(argv[0]), 0);
}

#ifdef __NR_chmod
static long chmod_path(char **argv)
{
	return raw_call2(__NR_chmod, P(argv[1]), mode_of(argv[0]));
}

/* The kernel takes 16 bits of the mode: what lies above them must not hide the ones below. */
static long chmod_high_bits(char **argv)
{
	return raw_call2(__NR_chmod, P(argv[1]), mode_of(argv[0]) | (long)0xdead00000000);
}
#endif

/* ---- files that are made: MODE PATH; an fd or 0 ---- */

enum { CREATING = O_RDWR | O_CREAT | O_EXCL, FAR = 1L << 32 };

static long make_openat(char **argv)
{
	return raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), CREATING, mode_of(argv[0]));
}

/* The kernel takes 32 bits of the flags and 16 of the mode. */
static long make_openat_high(char **argv)
{
	return raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), CREATING | FAR, mode_of(argv[0]) | (long)0xdead00000000);
}

static long make_openat2(char **argv)
{
	return openat2_at(AT_FDCWD, argv[1],
			  (struct open_how){ .flags = CREATING, .mode = (uint64_t)mode_of(argv[0]) });
}

/* PATH is a name in a folder: the file gets it by linkat. */
static long make_tmpfile(char **argv)
{
	char folder[4096], link[64];
	long fd, linked;

	snprintf(folder, sizeof folder, "%s", argv[1]);
	*strrchr(folder, '/') = '\0';
	fd = raw_call4(__NR_openat, AT_FDCWD, P(folder), O_RDWR | O_TMPFILE, mode_of(argv[0]));
	if (fd < 0)
		return fd;
	snprintf(link, sizeof link, "/proc/self/fd/%d", (int)fd);
	linked = raw_call5(__NR_linkat, AT_FDCWD, P(link), AT_FDCWD, P(argv[1]), AT_SYMLINK_FOLLOW);
	return linked < 0 ? linked : fd;
}

static long make_mknodat(char **argv)
{
	return raw_call4(__NR_mknodat, AT_FDCWD, P(argv[1]), S_IFREG | mode_of(argv[0]), 0);
}

/* A type of 0 is a plain file too. */
static long make_mknodat_untyped(char **argv)
{
	return raw_call4(__NR_mknodat, AT_FDCWD, P(argv[1]), mode_of(argv[0]), 0);
}

#ifdef __NR_open
static long make_open(char **argv)
{
	return raw_call3(__NR_open, P(argv[1]), CREATING, mode_of(argv[0]));
}

static long make_creat(char **argv)
{
	return raw_call2(__NR_creat, P(argv[1]), mode_of(argv[0]));
}

static long make_mknod(char **argv)
{
	return raw_call3(__NR_mknod, P(argv[1]), S_IFREG | mode_of(argv[0]), 0);
}
#endif

static const struct attempt makers[] = {
	{ "openat", 2, make_openat },
	{ "openat_high", 2, make_openat_high },
	{ "openat2", 2, make_openat2 },
	{ "tmpfile", 2, make_tmpfile },
	{ "mknodat", 2, make_mknodat },
	{ "mknodat_untyped", 2, make_mknodat_untyped },
#ifdef __NR_open
	{ "open", 2, make_open },
	{ "creat", 2, make_creat },
	{ "mknod", 2, make_mknod },
#endif
	{ 0 },
};

static long make_by(const char *name, char **argv)
{
	const struct attempt *each = makers;

	while (each->name && strcmp(each->name, name) != 0)
		each++;
	raw_call3(__NR_unlinkat, AT_FDCWD, P(argv[1]), 0);
	return each->name ? each->run(argv) : -ENOTSUP;
}

/* make SPELLING MODE PATH: ENODATA if the file is there without the mode's set-id bits. */
static long make_file(char **argv)
{
	struct stat made;
	long fd = make_by(argv[0], argv + 1);

	if (fd < 0)
		return fd;
	if (stat(argv[2], &made) < 0)
		return -errno;
	return (made.st_mode & 06000) == (mode_of(argv[1]) & 06000) ? 0 : -ENODATA;
}

/* linux/posix_acl_xattr.h: version 2; user::rwx group::r-x other::r-x, none of them with an id. */
static long let_others_execute(const char *path)
{
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entries[3];
	} acl = { htole32(2),
		  { { htole16(0x01), htole16(7), UINT32_MAX },
		    { htole16(0x04), htole16(5), UINT32_MAX },
		    { htole16(0x20), htole16(5), UINT32_MAX } } };

	return setxattr(path, "system.posix_acl_access", &acl, sizeof acl, 0) < 0 ? -errno : 0;
}

/*
 * leave_setgid SPELLING PATH: a program that others execute with the caller's group, without chmod. Writing takes
 * the setgid bit away where the group may execute the file: so it may only afterwards, by an ACL.
 */
static long leave_setgid(char **argv)
{
	char *made[] = { "2705", argv[1] };
	struct stat left;
	long fd = make_by(argv[0], made);

	if (fd < 0)
		return fd;
	fd = open(argv[1], O_WRONLY);
	if (fd < 0 || write((int)fd, "#!/bin/sh\n", 10) != 10 || stat(argv[1], &left) < 0)
		return -errno;
	if ((left.st_mode & 07777) != 02705)
		return -ENODATA;
	fd = let_others_execute(argv[1]);
	if (fd < 0 || stat(argv[1], &left) < 0)
		return fd;
	return (left.st_mode & 07777) == 02755 ? 0 : -ENODATA;
}

/* capability PATH: cap_chown as a file's own; linux/capability.h, VFS_CAP_REVISION_2. */
static long file_capability(char **argv)
{
	const uint32_t capability[5] = { htole32(0x02000001), htole32(1) };

	return from_libc(setxattr(argv[0], "security.capability", capability, sizeof capability, 0));
}

/* folder MODE PATH */
static long make_folder(char **argv)
{
	raw_call3(__NR_unlinkat, AT_FDCWD, P(argv[1]), AT_REMOVEDIR);
	return raw_call3(__NR_mkdirat, AT_FDCWD, P(argv[1]), mode_of(argv[0]));
}

/* there MODE PATH: opens what is there, with a mode that means nothing without O_CREAT. */
static long open_there(char **argv)
{
	return raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), O_RDONLY, mode_of(argv[0]));
}

static const struct attempt attempts[] = {
	{ "make", 3, make_file },
	{ "leave_setgid", 2, leave_setgid },
	{ "capability", 1, file_capability },
	{ "folder", 2, make_folder },
	{ "there", 2, open_there },
	{ "fchmod", 2, fchmod_path },
	{ "fchmodat", 2, fchmodat_path },
	{ "fchmodat2", 2, fchmodat2_path },
#ifdef __NR_chmod
	{ "chmod", 2, chmod_path },
	{ "chmod_high_bits", 2, chmod_high_bits },
#endif
	{ 0 },
};

PROBE(attempts)
