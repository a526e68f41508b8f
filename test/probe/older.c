/*
 * Runs a command as on an older kernel, and all that it starts:
 *
 *     older LACK... -- CMD [ARG...]
 *
 * sync       SECCOMP_IOCTL_NOTIF_SET_FLAGS is EINVAL              before Linux 6.6
 * killable   SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV is EINVAL     before 5.19
 * send       SECCOMP_ADDFD_FLAG_SEND is EINVAL                    before 5.14
 * cached     RESOLVE_CACHED is EINVAL                             before 5.12
 * abi=N      Landlock says that its ABI is N, and knows no errata; it does what it is asked for all the same
 *
 * What a register shows a filter refuses. The others are in memory: a filter stops the call for this process, which
 * traces all of them and makes a flag that no kernel knows of what the older one didn't. It takes CAP_SYS_PTRACE to
 * change the memory of a process that let nobody look into it.
 *
 * Waits for all of them, and ends as CMD did; status 99 if it can't. What the tracer refused goes to the file that
 * OLDER_REFUSED names, a number, if it names one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

enum {
	/* Where the flags are: in struct seccomp_notif_addfd, in struct open_how. */
	ADDFD_FLAGS = 8,
	HOW_RESOLVE = 16,
	SET_FLAGS = 0x40082104,
	/* Of neither, on any kernel. */
	UNKNOWN = 1 << 30,
	EVENTS = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		 PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL,
};

static int refused;
static long landlock_abi;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

/* A call that has a bit, or is equal, in an argument. */
static void watch_argument(unsigned call, unsigned argument, unsigned compare, unsigned value, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t)),
		BPF_JUMP(BPF_JMP | compare | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { sizeof code / sizeof *code, code };

	/* Without no_new_privs where that may be: it would be one thing more that differs from the host. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0)
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		die("PR_SET_SECCOMP");
}

static void watch(unsigned call, unsigned compare, unsigned value, unsigned action)
{
	watch_argument(call, 1, compare, value, action);
}

static void lack(const char *what)
{
	if (strcmp(what, "sync") == 0)
		watch(SYS_ioctl, BPF_JEQ, SET_FLAGS, SECCOMP_RET_ERRNO | EINVAL);
	else if (strcmp(what, "killable") == 0)
		watch(SYS_seccomp, BPF_JSET, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, SECCOMP_RET_ERRNO | EINVAL);
	else if (strcmp(what, "send") == 0)
		watch(SYS_ioctl, BPF_JEQ, SECCOMP_IOCTL_NOTIF_ADDFD, SECCOMP_RET_TRACE);
	else if (strcmp(what, "cached") == 0)
		watch(SYS_openat2, BPF_JSET, UINT32_MAX, SECCOMP_RET_TRACE);
	else if (strncmp(what, "abi=", 4) == 0)
		watch_argument(SYS_landlock_create_ruleset, 2, BPF_JSET, UINT32_MAX, SECCOMP_RET_TRACE);
	else
		die(what);
}

/* Where there is one of the flags that an older kernel doesn't know. */
static void refuse(pid_t pid, uint64_t at, uint32_t flag)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, at, NULL);
	/* Memory that can't be read the kernel refuses by itself. */
	if (errno == EIO || errno == EFAULT || errno == ESRCH || (word & flag) == 0)
		return;
	if (errno != 0)
		die("PTRACE_PEEKDATA");
	if (ptrace(PTRACE_POKEDATA, pid, at, word | UNKNOWN) != 0)
		die("PTRACE_POKEDATA");
	refused++;
}

/* A query, whose flags are its only argument: it isn't made, and is answered all the same. */
static void answer_query(pid_t pid, uint64_t flags)
{
#ifdef __x86_64__
	const long answer = flags == LANDLOCK_CREATE_RULESET_VERSION ? landlock_abi : -EINVAL;

	if (ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L) != 0 ||
	    ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), answer) != 0)
		die("PTRACE_POKEUSER");
#else
	die("abi= is for x86_64");
#endif
}

static void on_call(pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
		return; /* killed meanwhile */
	if (info.seccomp.nr == SYS_landlock_create_ruleset) {
		answer_query(pid, info.seccomp.args[2]);
		return;
	}
	if (info.seccomp.nr == SYS_ioctl)
		refuse(pid, info.seccomp.args[2] + ADDFD_FLAGS, SECCOMP_ADDFD_FLAG_SEND);
	else
		refuse(pid, info.seccomp.args[2] + HOW_RESOLVE, RESOLVE_CACHED);
}

static void go_on(pid_t pid, int status)
{
	const int signal = WSTOPSIG(status);
	const int event = status >> 16;

	if (event == PTRACE_EVENT_SECCOMP)
		on_call(pid);
	/* Stopped, as by SIGSTOP: it stays so until somebody continues it. */
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, pid, NULL, event == 0 ? signal : 0);
}

/* Until the last of them is gone. How the first ended. */
static int trace(pid_t first)
{
	int status;
	int result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			go_on(pid, status);
		else if (pid == first)
			result = status;
	}
	return result;
}

static void tell(void)
{
	const char *name = getenv("OLDER_REFUSED");
	FILE *file = name ? fopen(name, "w") : NULL;

	if (file) {
		fprintf(file, "%d\n", refused);
		fclose(file);
	}
}

/* The command, once it is traced. */
static void begin(char **lacks, char **command, int gate)
{
	char turn;

	if (read(gate, &turn, 1) != 1)
		exit(99);
	for (; *lacks; lacks++)
		lack(*lacks);
	execvp(command[0], command);
	die(command[0]);
}

/* All of whose children are the command's: who executed us may have left some to us that never end. */
static int run(char **lacks, char **command)
{
	int gate[2];
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe2(gate, O_CLOEXEC) != 0)
		die("pipe2");
	pid = fork();
	if (pid == 0)
		begin(lacks, command, gate[0]);
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL, EVENTS) != 0 || write(gate[1], "", 1) != 1)
		die("PTRACE_SEIZE");
	status = trace(pid);
	tell();
	return status;
}

static int end(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 99;
}

int main(int argc, char **argv)
{
	int dashes = 1;
	int status;
	pid_t pid;

	for (; dashes < argc && strcmp(argv[dashes], "--") != 0; dashes++)
		if (strncmp(argv[dashes], "abi=", 4) == 0)
			landlock_abi = atol(argv[dashes] + 4);
	if (dashes + 1 >= argc)
		return 99;
	argv[dashes] = NULL;
	pid = fork();
	if (pid == 0)
		return end(run(argv + 1, argv + dashes + 1));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	return end(status);
}
