/*
 * A broker that lacks one defence: the control of an attack, which must work on it.
 *
 *     naive LACK LISTED SCRATCH -- CMD [ARG...]
 *
 * Runs CMD with its openat, mkdirat and unlinkat trapped. LISTED may be read; what is beneath SCRATCH may be opened,
 * made and removed; all else is EACCES. There is no Landlock beneath: what this broker decides is all there is. LACK is
 * one of the words below, or "nothing". Calls by other names (open, mkdir, unlink) aren't trapped: attacks use these.
 *
 * "judging" is about publishing: renameat2 alone is trapped then, and carried out as it comes, by a copy under the
 * final name where it crosses filesystems.
 */
#include "naive.h"

#include <linux/filter.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const char *const lacks[] = {
	[NOTHING] = "nothing",
	[OWN_OPEN] = "own-open",         /* judges, and then has the kernel go on with the call */
	[ONE_COPY] = "one-copy",         /* copies the path to judge it, and again to open it */
	[PIN] = "pin",                   /* judges an object, and then opens the path once more */
	[OBJECT] = "object",             /* judges the path as it is spelled */
	[VALID_ID] = "valid-id",         /* doesn't ask whether the caller still waits */
	[BOUNDS] = "bounds",             /* doesn't look how much of a path it got */
	[CALLERS_ROOT] = "callers-root", /* takes every caller's root for its own */
	[CLOSING] = "closing",           /* keeps the fds that it handed over */
	[KILLABLE] = "killable",         /* lets any signal interrupt what it has begun to do */
	[SURVIVAL] = "survival",         /* ends when an answer finds nobody */
	[HELPERS] = "helpers",           /* opens by itself what blocks */
	[JUDGING] = "judging",
};

enum lack lack;
int listener;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static long install(void)
{
	const bool publishes = lack == JUDGING;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, publishes ? SYS_renameat2 : SYS_mkdirat, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, publishes ? SYS_renameat2 : SYS_unlinkat, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, publishes ? SYS_renameat2 : SYS_openat, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, publishes ? 0 : O_PATH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
	const int wait = lack == KILLABLE ? 0 : SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | wait, &program);
}

/* The workload: shares the broker's fds until it executes CMD, so that the listener needn't be sent. */
static void start(char **argv, int ready)
{
	const int number = (int)install();

	if (number < 0 || write(ready, &number, sizeof number) != sizeof number)
		die("seccomp");
	execvp(argv[0], argv);
	die(argv[0]);
}

/* False: nobody waits for the answer. */
static bool answer(const struct call *call, int result, unsigned int flags)
{
	struct seccomp_notif_resp response = {
		.id = call->id,
		.val = result < 0 ? 0 : result,
		.error = result < 0 ? result : 0,
		.flags = flags,
	};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0;
}

static bool give(const struct call *call, int fd)
{
	struct seccomp_notif_addfd addfd = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (unsigned int)fd,
		.newfd_flags = (unsigned int)call->flags & O_CLOEXEC,
	};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &addfd) >= 0 || answer(call, -errno, 0);
}

static bool reopen(const struct call *call, int pin)
{
	char link[64];
	int fd;
	bool given;

	snprintf(link, sizeof link, "/proc/self/fd/%d", pin);
	fd = open(link, (call->flags & ~(O_CREAT | O_NOFOLLOW)) | O_CLOEXEC);
	given = fd < 0 ? answer(call, -errno, 0) : give(call, fd);
	if (lack != CLOSING) {
		close(fd);
		close(pin);
	}
	return given;
}

/* An open that waits for its other end is nobody else's to wait for. */
static bool serve_open(struct call *call)
{
	const int pin = pin_allowed(call);
	struct stat info;

	if (pin < 0)
		return answer(call, pin, 0);
	if (lack == OWN_OPEN) {
		close(pin);
		return answer(call, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	}
	if (lack == HELPERS || fstat(pin, &info) != 0 || !S_ISFIFO(info.st_mode))
		return reopen(call, pin);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		reopen(call, pin);
		_exit(0);
	}
	close(pin);
	return true;
}

static bool serve_entry(struct call *call)
{
	char name[PATH_SIZE];
	const int folder = pin_folder(call, name);
	int result = folder;

	if (folder >= 0 && call->number == SYS_mkdirat)
		result = mkdirat(folder, name, call->mode) == 0 ? 0 : -errno;
	else if (folder >= 0)
		result = unlinkat(folder, name, call->flags) == 0 ? 0 : -errno;
	if (folder >= 0)
		close(folder);
	return answer(call, result, 0);
}

static bool receive(struct call *call)
{
	struct seccomp_notif request = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
		return false;
	*call = (struct call){
		.id = request.id,
		.tid = (pid_t)request.pid,
		.number = request.data.nr,
		.dir = (int)request.data.args[0],
		.path = request.data.args[1],
		.flags = (int)request.data.args[2],
		.mode = (mode_t)request.data.args[2],
		.to_dir = (int)request.data.args[2],
		.to_path = request.data.args[3],
	};
	return true;
}

/* Until nobody is left who could ask. */
static void serve(void)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	struct call call;

	ioctl(listener, _IOW('!', 4, unsigned long long) /* SET_FLAGS */, 1 /* FD_SYNC_WAKE_UP */);
	while (poll(&wait, 1, -1) >= 0 && (wait.revents & POLLIN) != 0) {
		bool heard;

		if (!receive(&call))
			continue;
		if (call.number == SYS_openat)
			heard = serve_open(&call);
		else if (call.number == SYS_renameat2)
			heard = answer(&call, publish(&call), 0);
		else
			heard = serve_entry(&call);
		if (!heard && lack == SURVIVAL)
			exit(98);
	}
}

int main(int argc, char **argv)
{
	const char *const name = argc > 5 && strcmp(argv[4], "--") == 0 ? argv[1] : "";
	int ready[2];
	int status;
	pid_t child;

	while (lack < LACKS && strcmp(lacks[lack], name) != 0)
		lack++;
	if (lack == LACKS || !know(argv[2], argv[3]) || pipe2(ready, O_CLOEXEC) != 0)
		return 2;
	child = (pid_t)syscall(SYS_clone, CLONE_FILES | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
	if (child == 0)
		start(argv + 5, ready[1]);
	close(ready[1]);
	if (child < 0 || read(ready[0], &listener, sizeof listener) != sizeof listener)
		return 99;
	close(ready[0]);
	serve();
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
