/*
 * Prints the state in which the process was started, one "key value" a line. Run bare and in a sandbox, the difference
 * is what the sandbox changed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include <linux/capability.h>

/* Beyond what any sane process has open, and cheap to try. */
#define LAST_FD 4096

static void print_hex(const char *bytes)
{
	for (; *bytes; bytes++)
		printf("%02x", (unsigned char)*bytes);
}

static void print_strings(const char *key, char **strings)
{
	int count = 0;
	uint64_t hash = 14695981039346656037ULL; /* FNV-1a */

	for (; strings[count]; count++) {
		const char *at = strings[count];

		do
			hash = (hash ^ (unsigned char)*at) * 1099511628211ULL;
		while (*at++);
	}
	printf("%s %d %016llx\n", key, count, (unsigned long long)hash);
}

static void print_identity(void)
{
	uid_t uids[3];
	gid_t gids[3], groups[64];
	int count;

	getresuid(&uids[0], &uids[1], &uids[2]);
	getresgid(&gids[0], &gids[1], &gids[2]);
	printf("uids %u %u %u\ngids %u %u %u\ngroups", uids[0], uids[1], uids[2], gids[0], gids[1], gids[2]);
	count = getgroups(64, groups);
	for (int i = 0; i < count; i++)
		printf(" %u", groups[i]);
	printf("\npid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgrp(), getsid(0));
}

static void print_privileges(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t bounding = 0, ambient = 0;

	syscall(SYS_capget, &head, data);
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			bounding |= 1ULL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= 1ULL << cap;
	}
	printf("cap_effective %08x%08x\n", data[1].effective, data[0].effective);
	printf("cap_permitted %08x%08x\n", data[1].permitted, data[0].permitted);
	printf("cap_inheritable %08x%08x\n", data[1].inheritable, data[0].inheritable);
	printf("cap_bounding %016llx\ncap_ambient %016llx\n", (unsigned long long)bounding,
	       (unsigned long long)ambient);
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("securebits %d\nkeepcaps %d\n", prctl(PR_GET_SECUREBITS), prctl(PR_GET_KEEPCAPS));
	printf("at_secure %lu\n", getauxval(AT_SECURE));
}

static void print_signals(void)
{
	uint64_t blocked = 0, ignored = 0, caught = 0, pending = 0;
	stack_t stack = { 0 };

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, 8);
	syscall(SYS_rt_sigpending, &pending, 8);
	for (int i = 1; i <= 64; i++) {
		/* The kernel's struct sigaction: its first word is the handler, on every architecture. */
		uintptr_t action[16] = { 0 };

		if (syscall(SYS_rt_sigaction, i, NULL, action, 8) < 0)
			continue;
		if (action[0] == (uintptr_t)SIG_IGN)
			ignored |= 1ULL << (i - 1);
		else if (action[0] != (uintptr_t)SIG_DFL)
			caught |= 1ULL << (i - 1);
	}
	sigaltstack(NULL, &stack);
	printf("blocked %016llx\nignored %016llx\n", (unsigned long long)blocked, (unsigned long long)ignored);
	printf("caught %016llx\npending %016llx\n", (unsigned long long)caught, (unsigned long long)pending);
	printf("altstack %d\npdeathsig ", stack.ss_flags);
	{
		int death = 0;

		prctl(PR_GET_PDEATHSIG, &death);
		printf("%d\n", death);
	}
}

static void print_limits(void)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		getrlimit((__rlimit_resource_t)i, &limit);
		printf("rlimit_%d %llx %llx\n", i, (unsigned long long)limit.rlim_cur,
		       (unsigned long long)limit.rlim_max);
	}
}

static void print_files(void)
{
	struct stat status;

	printf("fds");
	for (int fd = 0; fd < LAST_FD; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	}
	putchar('\n');
	for (int fd = 0; fd <= 2; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags >= 0 && fstat(fd, &status) == 0)
			printf("fd_%d flags=%o cloexec=%d mode=%o\n", fd, flags, fcntl(fd, F_GETFD), status.st_mode);
		else
			printf("fd_%d closed\n", fd);
	}
}

static void print_scheduling(void)
{
	cpu_set_t cpus;
	struct itimerval timer;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof cpus, &cpus);
	errno = 0;
	printf("nice %d\nscheduler %d\ncpus %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
	       CPU_COUNT(&cpus));
	printf("ioprio %ld\ntimerslack %d\n", syscall(SYS_ioprio_get, 1, 0), prctl(PR_GET_TIMERSLACK));
	for (int which = 0; which < 3; which++) {
		getitimer((__itimer_which_t)which, &timer);
		printf("itimer_%d %d\n", which, timer.it_value.tv_sec || timer.it_value.tv_usec);
	}
}

static void print_process(void)
{
	char name[17] = "", cwd[4096] = "";
	int subreaper = 0;
	mode_t mask = umask(0);

	prctl(PR_GET_NAME, name);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	umask(mask);
	printf("name %s\numask %o\ncwd %s\n", name, mask, syscall(SYS_getcwd, cwd, sizeof cwd) > 0 ? cwd : "?");
	printf("dumpable %d\nsubreaper %d\n", prctl(PR_GET_DUMPABLE), subreaper);
	printf("thp_disable %d\npersonality %x\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), personality(0xffffffff));
}

static void print_terminal(void)
{
	struct termios modes;
	struct winsize size;

	if (tcgetattr(STDIN_FILENO, &modes) < 0)
		return;
	ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	printf("terminal %x %x %x %x ", modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag);
	for (int i = 0; i < NCCS; i++)
		printf("%02x", modes.c_cc[i]);
	printf("\nwinsize %d %d\n", size.ws_row, size.ws_col);
	printf("foreground %d\n", tcgetpgrp(STDIN_FILENO) == getpgrp());
}

int main(int argc, char **argv)
{
	print_identity();
	print_privileges();
	print_signals();
	print_limits();
	print_files();
	print_scheduling();
	print_process();
	print_terminal();
	printf("argc %d\n", argc);
	for (int i = 1; i < argc; i++) {
		printf("argv_%d ", i);
		print_hex(argv[i]);
		putchar('\n');
	}
	print_strings("argv", argv);
	print_strings("environ", environ);
	return 0;
}
