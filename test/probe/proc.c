/* Ways to read, write, steer and signal another process. A PID of 0 stands for the parent. */
#include "probe.h"

#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

static pid_t target(const char *text)
{
	pid_t pid = (pid_t)atoi(text);

	return pid == 0 ? getppid() : pid;
}

static long pidfd_of(const char *text)
{
	return raw_call2(__NR_pidfd_open, target(text), 0);
}

static long traceme_here(char **argv)
{
	(void)argv;
	return raw_call4(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
}

static long traceme(char **argv)
{
	return in_child(traceme_here, argv);
}

static long attach(char **argv)
{
	pid_t pid = target(argv[0]);
	long result = raw_call4(__NR_ptrace, PTRACE_ATTACH, pid, 0, 0);

	if (result == 0) {
		waitpid(pid, NULL, __WALL);
		raw_call4(__NR_ptrace, PTRACE_DETACH, pid, 0, 0);
	}
	return result;
}

static long seize(char **argv)
{
	pid_t pid = target(argv[0]);
	long result = raw_call4(__NR_ptrace, PTRACE_SEIZE, pid, 0, 0);

	if (result == 0) {
		raw_call4(__NR_ptrace, PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, NULL, __WALL);
		raw_call4(__NR_ptrace, PTRACE_DETACH, pid, 0, 0);
	}
	return result;
}

static long vm_call(long number, char **argv, char *text)
{
	struct iovec local = { text, 6 };
	struct iovec remote = { (void *)(uintptr_t)strtoull(argv[1], NULL, 0), 6 };

	return raw_call6(number, target(argv[0]), P(&local), 1, P(&remote), 1, 0);
}

static long vm_readv(char **argv)
{
	char text[8] = "";

	return vm_call(__NR_process_vm_readv, argv, text);
}

static long vm_writev(char **argv)
{
	char text[8] = "intact";

	return vm_call(__NR_process_vm_writev, argv, text);
}

static long pidfd_open_pid(char **argv)
{
	return pidfd_of(argv[0]);
}

static long pidfd_getfd_stdin(char **argv)
{
	long pidfd = pidfd_of(argv[0]);

	return pidfd < 0 ? pidfd : raw_call3(__NR_pidfd_getfd, pidfd, 0, 0);
}

/* MADV_COLD: harmless. */
static long madvise_other(char **argv)
{
	long pidfd = pidfd_of(argv[0]);
	struct iovec range = { (void *)(uintptr_t)(strtoull(argv[1], NULL, 0) & ~4095ULL), 4096 };

	return pidfd < 0 ? pidfd : raw_call5(__NR_process_madvise, pidfd, P(&range), 1, 20, 0);
}

/* KCMP_FILES. */
static long kcmp_other(char **argv)
{
	return raw_call5(__NR_kcmp, getpid(), target(argv[0]), 2, 0, 0);
}

/* open_proc PID NAME: reads a byte of a file of /proc/PID. */
static long read_proc(char **argv)
{
	char path[64], byte;
	long fd, got;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)target(argv[0]), argv[1]);
	fd = raw_call4(__NR_openat, AT_FDCWD, P(path), O_RDONLY, 0);
	if (fd < 0)
		return fd;
	got = raw_call3(__NR_read, fd, P(&byte), 1);
	raw_call1(__NR_close, fd);
	return got;
}

static long open_mem(char **argv)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/mem", (int)target(argv[0]));
	return raw_call4(__NR_openat, AT_FDCWD, P(path), O_RDWR, 0);
}

static long list_proc(char **argv)
{
	char path[64], buffer[1024];
	long fd, got;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)target(argv[0]), argv[1]);
	fd = raw_call4(__NR_openat, AT_FDCWD, P(path), O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	got = raw_call3(__NR_getdents64, fd, P(buffer), sizeof buffer);
	raw_call1(__NR_close, fd);
	return got;
}

static long readlink_proc(char **argv)
{
	char path[64], buffer[256];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)target(argv[0]), argv[1]);
	return raw_call4(__NR_readlinkat, AT_FDCWD, P(path), P(buffer), sizeof buffer);
}

/* ---- signals ---- */

static long kill_pid(char **argv)
{
	return raw_call2(__NR_kill, target(argv[0]), atoi(argv[1]));
}

static long kill_group(char **argv)
{
	return raw_call2(__NR_kill, -getpgid(target(argv[0])), atoi(argv[1]));
}

static long tkill_pid(char **argv)
{
	return raw_call2(__NR_tkill, target(argv[0]), atoi(argv[1]));
}

static long tgkill_pid(char **argv)
{
	return raw_call3(__NR_tgkill, target(argv[0]), target(argv[0]), atoi(argv[1]));
}

static long pidfd_signal(char **argv)
{
	long pidfd = pidfd_of(argv[0]);

	return pidfd < 0 ? pidfd : raw_call4(__NR_pidfd_send_signal, pidfd, atoi(argv[1]), 0, 0);
}

static long sigqueue_pid(char **argv)
{
	siginfo_t info = { .si_signo = atoi(argv[1]), .si_code = SI_QUEUE };

	return raw_call3(__NR_rt_sigqueueinfo, target(argv[0]), atoi(argv[1]), P(&info));
}

static long tgsigqueue_pid(char **argv)
{
	siginfo_t info = { .si_signo = atoi(argv[1]), .si_code = SI_QUEUE };

	return raw_call4(__NR_rt_tgsigqueueinfo, target(argv[0]), target(argv[0]), atoi(argv[1]), P(&info));
}

/*
 * Asks for a signal when a socket becomes readable, to be delivered to another process, and makes it readable.
 * The kernel delivers or drops it in silence: only the target knows.
 */
static long sigio(char **argv)
{
	int ends[2];
	long result;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
		return -errno;
	result = raw_call3(__NR_fcntl, ends[0], F_SETOWN, target(argv[0]));
	if (result < 0)
		return result;
	if (fcntl(ends[0], F_SETSIG, atoi(argv[1])) < 0 || fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) < 0)
		return -errno;
	return raw_call3(__NR_write, ends[1], P("x"), 1);
}

/* ---- limits and scheduling ---- */

static long prlimit_get(char **argv)
{
	struct rlimit limit;

	return raw_call4(__NR_prlimit64, target(argv[0]), RLIMIT_CORE, 0, P(&limit));
}

/* Sets what is there already. */
static long prlimit_set(char **argv)
{
	struct rlimit limit;
	long result = raw_call4(__NR_prlimit64, target(argv[0]), RLIMIT_CORE, 0, P(&limit));

	return result < 0 ? result : raw_call4(__NR_prlimit64, target(argv[0]), RLIMIT_CORE, P(&limit), 0);
}

static const struct attempt attempts[] = {
	{ "ptrace_traceme", 0, traceme },
	{ "ptrace_attach", 1, attach },
	{ "ptrace_seize", 1, seize },
	{ "process_vm_readv", 2, vm_readv },
	{ "process_vm_writev", 2, vm_writev },
	{ "pidfd_open", 1, pidfd_open_pid },
	{ "pidfd_getfd", 1, pidfd_getfd_stdin },
	{ "process_madvise", 2, madvise_other },
	{ "kcmp", 1, kcmp_other },
	{ "read_proc", 2, read_proc },
	{ "open_mem", 1, open_mem },
	{ "list_proc", 2, list_proc },
	{ "readlink_proc", 2, readlink_proc },
	{ "kill", 2, kill_pid },
	{ "kill_group", 2, kill_group },
	{ "tkill", 2, tkill_pid },
	{ "tgkill", 2, tgkill_pid },
	{ "pidfd_send_signal", 2, pidfd_signal },
	{ "rt_sigqueueinfo", 2, sigqueue_pid },
	{ "rt_tgsigqueueinfo", 2, tgsigqueue_pid },
	{ "sigio", 2, sigio },
	{ "prlimit_get", 1, prlimit_get },
	{ "prlimit_set", 1, prlimit_set },
	{ 0 },
};

PROBE(attempts)
