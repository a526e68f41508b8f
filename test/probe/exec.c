/* Ways to execute a program, and foreign system call interfaces. */
#include "probe.h"

#include <sys/mman.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#define MFD_EXEC 0x10U
#endif

static char *const NO_ARGUMENTS[] = { "executed", NULL };
static char *const NO_ENVIRONMENT[] = { NULL };

static long execve_raw(const char *path)
{
	return raw_call3(__NR_execve, P(path), P(NO_ARGUMENTS), P(NO_ENVIRONMENT));
}

static long execveat_raw(long dir, const char *path, long flags)
{
	return raw_call5(__NR_execveat, dir, P(path), P(NO_ARGUMENTS), P(NO_ENVIRONMENT), flags);
}

static long execve_here(char **argv)
{
	return execve_raw(argv[0]);
}

static long execveat_here(char **argv)
{
	return execveat_raw(AT_FDCWD, argv[0], 0);
}

static long execveat_dirfd_here(char **argv)
{
	long dir = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_PATH | O_DIRECTORY, 0);

	return dir < 0 ? dir : execveat_raw(dir, argv[1], 0);
}

static long execveat_empty_here(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_PATH, 0);

	return fd < 0 ? fd : execveat_raw(fd, "", AT_EMPTY_PATH);
}

static long execve_proc_fd_here(char **argv)
{
	char link[64];
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_PATH, 0);

	if (fd < 0)
		return fd;
	snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
	return execve_raw(link);
}

/* Copies a file to a new fd's file. Returns 0 or -errno. */
static long copy_into(long to, const char *path)
{
	char buffer[1 << 16];
	long from = raw_call4(__NR_openat, AT_FDCWD, P(path), O_RDONLY, 0);
	long got;

	if (from < 0)
		return from;
	while ((got = raw_call3(__NR_read, from, P(buffer), sizeof buffer)) > 0) {
		if (raw_call3(__NR_write, to, P(buffer), got) != got)
			return -EIO;
	}
	raw_call1(__NR_close, from);
	return got;
}

/* memfd_exec FLAGS PROGRAM: a copy of a readable program in a memfd, executed from there. */
static long memfd_exec_here(char **argv)
{
	long fd = raw_call2(__NR_memfd_create, P("probe"), (long)strtoul(argv[0], NULL, 16));
	long copied;

	if (fd < 0)
		return fd;
	copied = copy_into(fd, argv[1]);
	return copied < 0 ? copied : execveat_raw(fd, "", AT_EMPTY_PATH);
}

static long memfd_create_flags(char **argv)
{
	long fd = raw_call2(__NR_memfd_create, P("probe"), (long)strtoul(argv[0], NULL, 16));

	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return fd;
}

/* A sealed memfd can't be made executable afterwards. */
static long memfd_chmod_here(char **argv)
{
	long fd = raw_call2(__NR_memfd_create, P("probe"), (long)strtoul(argv[0], NULL, 16));

	return fd < 0 ? fd : raw_call2(__NR_fchmod, fd, 0700);
}

/* copy_exec PROGRAM COPY: a copy at a path where files may be made. */
static long copy_exec_here(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), O_WRONLY | O_CREAT | O_TRUNC, 0700);
	long copied;

	if (fd < 0)
		return fd;
	copied = copy_into(fd, argv[0]);
	raw_call1(__NR_close, fd);
	return copied < 0 ? copied : execve_raw(argv[1]);
}

/* Executes what a writable fd's file holds, through a second fd: a file that is open for writing can't be executed. */
static long execute_reopened(long fd)
{
	char link[64];
	long again;

	snprintf(link, sizeof link, "/proc/self/fd/%ld", fd);
	again = raw_call4(__NR_openat, AT_FDCWD, P(link), O_PATH, 0);
	raw_call1(__NR_close, fd);
	return again < 0 ? again : execveat_raw(again, "", AT_EMPTY_PATH);
}

/* unlinked_exec PROGRAM COPY: a copy that has no name any more. */
static long unlinked_exec_here(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), O_WRONLY | O_CREAT | O_TRUNC, 0700);
	long copied;

	if (fd < 0)
		return fd;
	copied = copy_into(fd, argv[0]);
	raw_call3(__NR_unlinkat, AT_FDCWD, P(argv[1]), 0);
	return copied < 0 ? copied : execute_reopened(fd);
}

/* tmpfile_exec PROGRAM FOLDER: a copy that never had one. */
static long tmpfile_exec_here(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[1]), O_WRONLY | O_TMPFILE, 0700);
	long copied;

	if (fd < 0)
		return fd;
	copied = copy_into(fd, argv[0]);
	return copied < 0 ? copied : execute_reopened(fd);
}

#if defined(__x86_64__)
/* getpid (20) by the 32-bit gate. */
static long int80_here(char **argv)
{
	long ret;

	(void)argv;
	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(20L) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* mkdir (39) by the 32-bit gate: past a filter that knows it as 83. */
static long int80_mkdir_here(char **argv)
{
	long ret;
	char *path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (path == MAP_FAILED)
		return -errno;
	snprintf(path, 4096, "%s", argv[0]);
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"(39L), "b"(path), "c"(0700L)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static long x32_here(char **argv)
{
	(void)argv;
	return raw_call0(0x40000000 + __NR_getpid);
}

static long mkdir_here(char **argv)
{
	return raw_call2(__NR_mkdir, P(argv[0]), 0700);
}
#endif

#define FORKED(name) \
	static long try_##name(char **argv) \
	{ \
		return in_child(name##_here, argv); \
	}

FORKED(execve)
FORKED(execveat)
FORKED(execveat_dirfd)
FORKED(execveat_empty)
FORKED(execve_proc_fd)
FORKED(memfd_exec)
FORKED(memfd_chmod)
FORKED(copy_exec)
FORKED(unlinked_exec)
FORKED(tmpfile_exec)
#if defined(__x86_64__)
FORKED(int80)
FORKED(int80_mkdir)
FORKED(x32)
FORKED(mkdir)
#endif

static const struct attempt attempts[] = {
	{ "execve", 1, try_execve },
	{ "execveat", 1, try_execveat },
	{ "execveat_dirfd", 2, try_execveat_dirfd },
	{ "execveat_empty", 1, try_execveat_empty },
	{ "execve_proc_fd", 1, try_execve_proc_fd },
	{ "memfd_create", 1, memfd_create_flags },
	{ "memfd_exec", 2, try_memfd_exec },
	{ "memfd_chmod", 1, try_memfd_chmod },
	{ "copy_exec", 2, try_copy_exec },
	{ "unlinked_exec", 2, try_unlinked_exec },
	{ "tmpfile_exec", 2, try_tmpfile_exec },
#if defined(__x86_64__)
	{ "int80", 0, try_int80 },
	{ "int80_mkdir", 1, try_int80_mkdir },
	{ "x32", 0, try_x32 },
	{ "mkdir", 1, try_mkdir },
#endif
	{ 0 },
};

PROBE(attempts)
