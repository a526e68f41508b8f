/* What the naive broker takes a request for, and whether it may be: naive.c. */
#ifndef NAIVE_H
#define NAIVE_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, PAGE_SIZE = 4096 };

/* What the broker lacks. */
enum lack {
	NOTHING,
	OWN_OPEN,
	ONE_COPY,
	PIN,
	OBJECT,
	VALID_ID,
	BOUNDS,
	CALLERS_ROOT,
	CLOSING,
	KILLABLE,
	SURVIVAL,
	HELPERS,
	JUDGING,
	LACKS,
};

extern enum lack lack;
extern int listener;

struct call {
	uint64_t id;
	pid_t tid;
	int number;
	int dir;
	uint64_t path;
	int flags;
	mode_t mode;
	int to_dir;
	uint64_t to_path;
};

static const char *listed;
static struct stat listed_is;
static const char *scratch;

static bool know(const char *file, const char *folder)
{
	listed = file;
	scratch = folder;
	return stat(file, &listed_is) == 0;
}

static ssize_t copy_memory(pid_t tid, uint64_t address, char *into, size_t size)
{
	const struct iovec local = { into, size };
	const struct iovec remote = { (void *)(uintptr_t)address, size };

	return process_vm_readv(tid, &local, 1, &remote, 1, 0);
}

/* 0, -EFAULT or -ENAMETOOLONG, as the kernel would. Without bounds, what an earlier request left is taken for a rest.
 */
static int copy_path(pid_t tid, uint64_t address, char *path)
{
	size_t size = 0;

	if (lack == BOUNDS) {
		copy_memory(tid, address, path, PATH_SIZE - 1);
		return 0;
	}
	while (size < PATH_SIZE) {
		const size_t page = PAGE_SIZE - (address + size) % PAGE_SIZE;
		const size_t wanted = page < PATH_SIZE - size ? page : PATH_SIZE - size;
		const ssize_t got = copy_memory(tid, address + size, path + size, wanted);

		if (got <= 0)
			return -EFAULT;
		if (memchr(path + size, '\0', (size_t)got))
			return 0;
		size += (size_t)got;
	}
	return -ENAMETOOLONG;
}

static void base_link(const struct call *call, char *link)
{
	if (call->dir == AT_FDCWD)
		snprintf(link, 64, "/proc/%d/cwd", call->tid);
	else
		snprintf(link, 64, "/proc/%d/fd/%d", call->tid, call->dir);
}

/* Pins what the caller means by a path. */
static int pin_path(const struct call *call, const char *path, uint64_t flags)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_NO_MAGICLINKS };
	char link[64];
	int base;
	int fd;

	base_link(call, link);
	base = path[0] == '/' ? AT_FDCWD : open(link, O_PATH | O_CLOEXEC);
	fd = (int)syscall(SYS_openat2, base, path, &how, sizeof how);
	fd = fd < 0 ? -errno : fd;
	if (base >= 0)
		close(base);
	return fd;
}

static bool is_beneath(const char *path, const char *folder)
{
	const size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool is_scratch(int pin)
{
	char link[64];
	char path[PATH_SIZE];
	ssize_t size;

	snprintf(link, sizeof link, "/proc/self/fd/%d", pin);
	size = readlink(link, path, sizeof path - 1);
	path[size < 0 ? 0 : size] = '\0';
	return is_beneath(path, scratch);
}

static bool is_allowed(const struct call *call, int pin)
{
	struct stat info;

	if (is_scratch(pin))
		return true;
	return (call->flags & O_ACCMODE) == O_RDONLY && fstat(pin, &info) == 0 && info.st_ino == listed_is.st_ino &&
	       info.st_dev == listed_is.st_dev;
}

static bool is_valid(const struct call *call)
{
	return lack == VALID_ID || ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

/* Whether a path means the same for the caller as for us. */
static bool shares_root(const struct call *call)
{
	char link[64];
	struct statx ours;
	struct statx theirs;
	const unsigned int mask = STATX_INO | STATX_MNT_ID;

	snprintf(link, sizeof link, "/proc/%d/root", call->tid);
	return statx(AT_FDCWD, "/", 0, mask, &ours) == 0 && statx(AT_FDCWD, link, 0, mask, &theirs) == 0 &&
	       ours.stx_ino == theirs.stx_ino && ours.stx_mnt_id == theirs.stx_mnt_id;
}

/* Judges the words, and opens what they lead to for the caller. */
static int pin_spelled(const struct call *call, const char *path)
{
	char where[PATH_SIZE + 64];
	int fd;

	if (path[0] == '/' && strcmp(path, listed) != 0 && !is_beneath(path, scratch))
		return -EACCES;
	if (path[0] == '/')
		snprintf(where, sizeof where, "/proc/%d/root%s", call->tid, path);
	else
		snprintf(where, sizeof where, "/proc/%d/cwd/%s", call->tid, path);
	fd = open(where, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Pins what is to be opened, if it may be. -errno. */
static int pin_allowed(const struct call *call)
{
	static char path[PATH_SIZE];
	const uint64_t follow = (uint64_t)call->flags & O_NOFOLLOW;
	int copied = copy_path(call->tid, call->path, path);
	int pin;

	if (copied < 0)
		return copied;
	if (lack == OBJECT)
		return pin_spelled(call, path);
	if (lack != CALLERS_ROOT && !shares_root(call))
		return -EACCES;
	pin = pin_path(call, path, follow);
	if (pin < 0)
		return pin;
	if (!is_allowed(call, pin) || !is_valid(call)) {
		close(pin);
		return -EACCES;
	}
	if (lack == ONE_COPY || lack == PIN) {
		close(pin);
		copied = lack == ONE_COPY ? copy_path(call->tid, call->path, path) : 0;
		pin = copied < 0 ? copied : pin_path(call, path, follow);
	}
	return pin;
}

/* Pins the folder of a path's last name, if it is beneath scratch. -errno. */
static int pin_folder(const struct call *call, char *name)
{
	char path[PATH_SIZE];
	const int copied = copy_path(call->tid, call->path, path);
	char *slash;
	int folder;

	if (copied < 0)
		return copied;
	slash = strrchr(path, '/');
	snprintf(name, PATH_SIZE, "%s", slash ? slash + 1 : path);
	snprintf(slash ? slash + 1 : path, 2, "%s", slash ? "" : ".");
	folder = pin_path(call, path, O_DIRECTORY);
	if (folder >= 0 && (!is_scratch(folder) || !is_valid(call))) {
		close(folder);
		return -EACCES;
	}
	return folder;
}

/* A rename to wherever; a copy under the final name where there is no other way. */
static int publish(const struct call *call)
{
	char from[PATH_SIZE];
	char to[PATH_SIZE];
	ssize_t copied;
	int in;
	int out;

	if (copy_path(call->tid, call->path, from) < 0 || copy_path(call->tid, call->to_path, to) < 0)
		return -EFAULT;
	if (rename(from, to) == 0)
		return 0;
	if (errno != EXDEV)
		return -errno;
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	do
		copied = sendfile(out, in, NULL, 1 << 20);
	while (copied > 0);
	close(in);
	close(out);
	return copied < 0 || unlink(from) != 0 ? -EIO : 0;
}

#endif
