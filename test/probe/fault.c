/*
 * Runs a command and all that it starts, and lets one of its system calls go wrong:
 *
 *     fault CALL ARG RESULT AT -- CMD [ARG...]
 *
 * CALL    its number, or any
 * ARG     I=VALUE for calls whose argument I has that value in its low 32 bits, or any
 * RESULT  what the caller gets: an errno, or 0; nothing is done then. Or kill: SIGKILL for the caller, before the call
 * AT      only the n-th of these calls, counted over all processes; 0 for each
 *
 * Only processes that execute the program of CMD have such luck: what it executes, it executes on a sound kernel.
 * Waits for all of them, and ends as CMD did; status 99 if it can't. How many calls were met goes to the file that
 * FAULT_REPORT names, if it names one.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EVENTS = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		 PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL,
	ANY = -1,
	KILL = -1,
};

struct fault {
	int call;
	int arg;
	uint32_t value;
	int result;
	long at;
};

static struct stat program;
static long met;

static void die(const char *what)
{
	perror(what);
	exit(99);
}

static struct fault read_fault(char **argv)
{
	const char *value = strchr(argv[1], '=');

	return (struct fault){
		.call = strcmp(argv[0], "any") == 0 ? ANY : atoi(argv[0]),
		.arg = value ? atoi(argv[1]) : ANY,
		.value = value ? (uint32_t)strtoul(value + 1, NULL, 0) : 0,
		.result = strcmp(argv[2], "kill") == 0 ? KILL : atoi(argv[2]),
		.at = atol(argv[3]),
	};
}

static void trace_calls(int call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, call == ANY ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
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

/* A process that lets nobody look into it is one of landlockd's: what it runs here has no such wish. */
static bool is_concerned(pid_t pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	if (stat(path, &status) != 0)
		return errno == EACCES || errno == EPERM;
	return status.st_dev == program.st_dev && status.st_ino == program.st_ino;
}

/* The call isn't made, and its caller gets this. */
static void answer(pid_t pid, long result)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0)
		return; /* killed meanwhile */
	regs.orig_rax = (unsigned long)-1;
	regs.rax = (unsigned long)result;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
#else
	struct user_regs_struct regs;
	int none = -1;
	struct iovec call = { &none, sizeof none };
	struct iovec all = { &regs, sizeof regs };

	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &call) != 0 ||
	    ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) != 0)
		return;
	regs.regs[0] = (unsigned long)result;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all);
#endif
}

static void on_call(const struct fault *fault, pid_t pid)
{
	struct __ptrace_syscall_info info;

	if (!is_concerned(pid) || ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
		return;
	if (fault->arg != ANY && (uint32_t)info.seccomp.args[fault->arg] != fault->value)
		return;
	met++;
	if (fault->at != 0 && met != fault->at)
		return;
	if (fault->result == KILL)
		kill(pid, SIGKILL);
	else
		answer(pid, -fault->result);
}

static void go_on(const struct fault *fault, pid_t pid, int status)
{
	const int signal = WSTOPSIG(status);
	const int event = status >> 16;

	if (event == PTRACE_EVENT_SECCOMP)
		on_call(fault, pid);
	/* Stopped, as by SIGSTOP: it stays so until somebody continues it. */
	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	else
		ptrace(PTRACE_CONT, pid, NULL, event == 0 ? signal : 0);
}

/* Until the last of them is gone. How the first ended. */
static int trace(const struct fault *fault, pid_t first)
{
	int status;
	int result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			go_on(fault, pid, status);
		else if (pid == first)
			result = status;
	}
	return result;
}

static void tell(void)
{
	const char *name = getenv("FAULT_REPORT");
	FILE *file = name ? fopen(name, "w") : NULL;

	if (file) {
		fprintf(file, "%ld\n", met);
		fclose(file);
	}
}

/* The command, once it is traced. */
static void begin(const struct fault *fault, char **command, int gate)
{
	char turn;

	if (read(gate, &turn, 1) != 1)
		exit(99);
	trace_calls(fault->call);
	execv(command[0], command);
	die(command[0]);
}

/* All of whose children are the command's: who executed us may have left some to us that never end. */
static int run(const struct fault *fault, char **command)
{
	int gate[2];
	int status;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pipe2(gate, O_CLOEXEC) != 0)
		die("pipe2");
	pid = fork();
	if (pid == 0)
		begin(fault, command, gate[0]);
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, NULL, EVENTS) != 0 || write(gate[1], "", 1) != 1)
		die("PTRACE_SEIZE");
	close(gate[0]);
	close(gate[1]);
	status = trace(fault, pid);
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
	struct fault fault;
	int status;
	pid_t pid;

	if (argc < 7 || strcmp(argv[5], "--") != 0 || stat(argv[6], &program) != 0)
		return 99;
	fault = read_fault(argv + 1);
	pid = fork();
	if (pid == 0)
		return end(run(&fault, argv + 6));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 99;
	return end(status);
}
