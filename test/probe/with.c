/*
 * Puts the process into a given state and executes a command in it:
 *
 *     with close=0 open=3-20 -- CMD [ARG...]
 *
 * close=FD        closes it
 * open=FROM-TO    opens /etc/passwd at each number, without close-on-exec
 * ignore=SIGNAL   ignores it          default=SIGNAL  its default action
 * block=SIGNAL    blocks it
 * nofile=SOFT     soft limit of open files      core=SOFT  of core files
 * umask=OCTAL     nonblock=FD     nice=BY
 * uid=UID         real, effective and saved uid
 * up=lo           brings a network interface up
 * enosys=landlock every landlock_* call answers ENOSYS from now on, in CMD too
 * enosys=pidfd    likewise pidfd_open; eperm=seccomp: seccomp(2) fails with EPERM
 * eperm=namespaces clone(2) with CLONE_NEWNS fails with EPERM, as in a container
 * eperm=code      mmap(2) of what is both written and executed likewise, as MemoryDenyWriteExecute= has it
 *
 * Status 99 if one of these can't be done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int check(int result)
{
	if (result < 0) {
		perror("with");
		exit(99);
	}
	return result;
}

/* Calls FIRST to LAST fail with ERROR, everything else is allowed. */
static void refuse(unsigned first, unsigned last, unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof code / sizeof *code, code };

	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	check((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
}

/* A call fails with EPERM where an argument has all of some bits. */
static void refuse_bits(unsigned call, unsigned argument, unsigned bits)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (unsigned)offsetof(struct seccomp_data, args) + argument * (unsigned)sizeof(__u64)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof code / sizeof *code, .filter = code };

	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void open_range(const char *range)
{
	const char *dash = strchr(range, '-');
	int last = dash ? atoi(dash + 1) : atoi(range);

	for (int fd = atoi(range); fd <= last; fd++) {
		int opened = check(open("/etc/passwd", O_RDONLY));

		if (opened != fd) {
			check(dup2(opened, fd));
			close(opened);
		}
	}
}

static void lower(int resource, const char *soft)
{
	struct rlimit limit;

	check(getrlimit((__rlimit_resource_t)resource, &limit));
	limit.rlim_cur = strtoul(soft, NULL, 10);
	check(setrlimit((__rlimit_resource_t)resource, &limit));
}

static void bring_up(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP };
	int fd = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	check(ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
}

static void block(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	check(sigprocmask(SIG_BLOCK, &set, NULL));
}

static void apply_text(const char *key, const char *value)
{
	if (strcmp(key, "open") == 0)
		open_range(value);
	else if (strcmp(key, "umask") == 0)
		umask((mode_t)strtoul(value, NULL, 8));
	else if (strcmp(key, "nofile") == 0)
		lower(RLIMIT_NOFILE, value);
	else if (strcmp(key, "core") == 0)
		lower(RLIMIT_CORE, value);
	else if (strcmp(key, "up") == 0)
		bring_up(value);
	else if (strcmp(key, "enosys") == 0 && strcmp(value, "landlock") == 0)
		refuse(SYS_landlock_create_ruleset, SYS_landlock_restrict_self, ENOSYS);
	else if (strcmp(key, "enosys") == 0 && strcmp(value, "pidfd") == 0)
		refuse(SYS_pidfd_open, SYS_pidfd_open, ENOSYS);
	else if (strcmp(key, "eperm") == 0 && strcmp(value, "seccomp") == 0)
		refuse(SYS_seccomp, SYS_seccomp, EPERM);
	else if (strcmp(key, "eperm") == 0 && strcmp(value, "namespaces") == 0)
		refuse_bits(SYS_clone, 0, 0x20000 /* CLONE_NEWNS */);
	else if (strcmp(key, "eperm") == 0 && strcmp(value, "code") == 0)
		refuse_bits(SYS_mmap, 2, PROT_WRITE | PROT_EXEC);
	else {
		fprintf(stderr, "with: %s=%s?\n", key, value);
		exit(99);
	}
}

/* Returns 0 if the key isn't one whose value is a number. */
static int apply_number(const char *key, int number)
{
	if (strcmp(key, "close") == 0)
		close(number);
	else if (strcmp(key, "ignore") == 0)
		signal(number, SIG_IGN);
	else if (strcmp(key, "default") == 0)
		signal(number, SIG_DFL);
	else if (strcmp(key, "block") == 0)
		block(number);
	else if (strcmp(key, "nonblock") == 0)
		check(fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK));
	else if (strcmp(key, "nice") == 0)
		check(nice(number));
	else if (strcmp(key, "uid") == 0)
		check(setresuid((uid_t)number, (uid_t)number, (uid_t)number));
	else
		return 0;
	return 1;
}

int main(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		char *value = strchr(argv[i], '=');

		if (!value) {
			fprintf(stderr, "with: %s?\n", argv[i]);
			return 99;
		}
		*value++ = '\0';
		if (!apply_number(argv[i], atoi(value)))
			apply_text(argv[i], value);
	}
	if (i + 1 >= argc)
		return 99;
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 99;
}
