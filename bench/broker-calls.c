/*
 * Times system calls, and the least that a supervisor can do for them.
 *
 *   calls open PATH COUNT      open(O_RDONLY) and close
 *   calls create PATH COUNT    open(O_CREAT | O_EXCL | O_WRONLY), close and unlink
 *   calls p99 HOW PATH COUNT   eight processes at once, COUNT rounds of HOW (open, create) in each, that one's on PATH.N:
 *                              what 99 of 100 calls took at most
 *   calls worst HOW PATH COUNT the same: the longest
 *   calls loop CMD [ARG...]    runs CMD; its opens, creations and unlinks are received and continued
 *   calls hand CMD [ARG...]    the same, but its plain opens are done for it and the fd is handed over
 *
 * Those that measure print nanoseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SET_FLAGS _IOW('!', 4, unsigned long long)

/* What the server does with plain opens. */
enum { CONTINUE, HAND_OVER };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void one_open(const char *path)
{
	const int fd = open(path, O_RDONLY);

	if (fd < 0 && errno != EACCES)
		die(path);
	if (fd >= 0)
		close(fd);
}

static void one_create(const char *path)
{
	const int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (fd < 0)
		die(path);
	close(fd);
	if (unlink(path) != 0)
		die(path);
}

static void measure(void (*call)(const char *), const char *path, long count)
{
	long long from;

	for (long i = 0; i < count / 10; i++)
		call(path);
	from = now();
	for (long i = 0; i < count; i++)
		call(path);
	printf("%.0f\n", (double)(now() - from) / (double)count);
}

enum { PROCESSES = 8 };

static int by_size(const void *one, const void *other)
{
	const long long a = *(const long long *)one;
	const long long b = *(const long long *)other;

	return (a > b) - (a < b);
}

static void hammer(void (*call)(const char *), const char *path, long count, long long *took)
{
	pid_t pids[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		char own[4096];

		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		snprintf(own, sizeof(own), call == one_create ? "%s.%d" : "%s", path, i);
		for (long j = 0; j < count; j++) {
			const long long from = now();

			call(own);
			took[i * count + j] = now() - from;
		}
		_exit(0);
	}
	/* Not any child: the one that serves is one too. */
	for (int i = 0; i < PROCESSES; i++)
		waitpid(pids[i], NULL, 0);
}

static void measure_many(const char *which, const char *how, const char *path, long count)
{
	const size_t all = (size_t)count * PROCESSES;
	long long *took = mmap(NULL, all * sizeof(*took), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void (*const call)(const char *) = strcmp(how, "create") == 0 ? one_create : one_open;

	if (took == MAP_FAILED)
		die("mmap");
	/* Whoever asks first waits for the supervisor's start. */
	call(path);
	hammer(call, path, count, took);
	qsort(took, all, sizeof(*took), by_size);
	printf("%lld\n", strcmp(which, "p99") == 0 ? took[all / 100 * 99] : took[all - 1]);
}

#define TRAP(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)

static int install(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		TRAP(__NR_openat),
		TRAP(__NR_unlinkat),
#ifdef __NR_open
		TRAP(__NR_open),
		TRAP(__NR_unlink),
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		die("no_new_privs");
	return (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}

/* Nothing is checked: this is what handing over costs at least. */
static bool hand_over(int listener, const struct seccomp_notif *request)
{
	static char path[4096];
	const unsigned long long address = request->data.args[1];
	const size_t size = sizeof(path) - address % sizeof(path);
	const struct iovec ours = { path, size < 256 ? size : 256 };
	const struct iovec theirs = { (void *)(uintptr_t)address, ours.iov_len };
	struct seccomp_notif_addfd addfd = { .id = request->id, .flags = SECCOMP_ADDFD_FLAG_SEND };
	int fd;

	if (request->data.nr != __NR_openat || request->data.args[2] != O_RDONLY ||
	    process_vm_readv((pid_t)request->pid, &ours, 1, &theirs, 1, 0) <= 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	addfd.srcfd = (unsigned int)fd;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd);
	close(fd);
	return true;
}

static void serve(int listener, int how)
{
	static struct seccomp_notif request;
	static struct seccomp_notif_resp response;

	ioctl(listener, SET_FLAGS, 1);
	for (;;) {
		memset(&request, 0, sizeof(request));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
			continue;
		if (how == HAND_OVER && hand_over(listener, &request))
			continue;
		response = (struct seccomp_notif_resp){ .id = request.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

/* The child that serves shares the fd table, so that the listener needn't be sent. */
static void loop(char **argv, int how)
{
	const int listener_is = 100;
	const pid_t server = (pid_t)syscall(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	int listener;

	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		while (fcntl(listener_is, F_GETFD) < 0)
			usleep(100);
		serve(listener_is, how);
	}
	listener = install();
	if (listener < 0 || dup2(listener, listener_is) < 0)
		die("seccomp");
	/* Of its own from here, or the fds of CMD would be the server's too. */
	if (syscall(__NR_unshare, CLONE_FILES) != 0)
		die("unshare");
	execvp(argv[0], argv);
	die(argv[0]);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "open") == 0)
		measure(one_open, argv[2], atol(argv[3]));
	else if (argc == 4 && strcmp(argv[1], "create") == 0)
		measure(one_create, argv[2], atol(argv[3]));
	else if (argc == 5 && (strcmp(argv[1], "p99") == 0 || strcmp(argv[1], "worst") == 0))
		measure_many(argv[1], argv[2], argv[3], atol(argv[4]));
	else if (argc >= 3 && strcmp(argv[1], "loop") == 0)
		loop(argv + 2, CONTINUE);
	else if (argc >= 3 && strcmp(argv[1], "hand") == 0)
		loop(argv + 2, HAND_OVER);
	else
		return 2;
	return 0;
}
