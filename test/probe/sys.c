/* System calls that a sandbox closes whole: each made in the most harmless way in which it can succeed. */
#include "probe.h"

#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sys/ipc.h>

#define UFFD_USER_MODE_ONLY_FLAG 1

/* ---- io_uring ---- */

static long io_uring_setup_ring(char **argv)
{
	struct io_uring_params params = { 0 };

	(void)argv;
	return raw_call2(__NR_io_uring_setup, 1, P(&params));
}

static long io_uring_enter_none(char **argv)
{
	(void)argv;
	return raw_call6(__NR_io_uring_enter, -1, 1, 0, 0, 0, 0);
}

static long io_uring_register_none(char **argv)
{
	(void)argv;
	return raw_call4(__NR_io_uring_register, -1, 2, 0, 0);
}

/* ---- processes and namespaces ---- */

static long clone3_fork(char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = raw_call2(__NR_clone3, P(&args), sizeof args);

	(void)argv;
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

/* clone FLAGS: flags in hexadecimal, beside SIGCHLD. */
static long clone_flags(char **argv)
{
	long pid = raw_call5(__NR_clone, (long)strtoul(argv[0], NULL, 16) | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

static long unshare_here(char **argv)
{
	return raw_call1(__NR_unshare, (long)strtoul(argv[0], NULL, 16));
}

static long unshare_flags(char **argv)
{
	return in_child(unshare_here, argv);
}

static long setns_self(char **argv)
{
	char path[64];
	long fd, result;

	snprintf(path, sizeof path, "/proc/self/ns/%s", argv[0]);
	fd = raw_call4(__NR_openat, AT_FDCWD, P(path), O_RDONLY, 0);
	if (fd < 0)
		return fd;
	result = raw_call2(__NR_setns, fd, 0);
	raw_call1(__NR_close, fd);
	return result;
}

static long setns_none(char **argv)
{
	(void)argv;
	return raw_call2(__NR_setns, -1, 0);
}

/* ---- keys ---- */

static long session_to_parent_here(char **argv)
{
	(void)argv;
	return raw_call5(__NR_keyctl, KEYCTL_SESSION_TO_PARENT, 0, 0, 0, 0);
}

/* In a child, so that the parent whose credentials change is the probe. */
static long keyctl_session_to_parent(char **argv)
{
	return in_child(session_to_parent_here, argv);
}

static long keyctl_join_session(char **argv)
{
	(void)argv;
	return raw_call5(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0);
}

static long add_key_process(char **argv)
{
	(void)argv;
	return raw_call5(__NR_add_key, P("user"), P("probe"), P("x"), 1, KEY_SPEC_PROCESS_KEYRING);
}

static long request_key_absent(char **argv)
{
	(void)argv;
	return raw_call4(__NR_request_key, P("user"), P("landlockd-absent"), 0, 0);
}

/* ---- the kernel itself ---- */

static long bpf_map(char **argv)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	(void)argv;
	return raw_call3(__NR_bpf, BPF_MAP_CREATE, P(&attr), sizeof attr);
}

static long perf_event(char **argv)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.size = sizeof attr,
					.config = PERF_COUNT_SW_TASK_CLOCK,
					.exclude_kernel = 1,
					.exclude_hv = 1 };

	(void)argv;
	return raw_call5(__NR_perf_event_open, P(&attr), 0, -1, -1, 0);
}

static long userfaultfd_user_mode(char **argv)
{
	(void)argv;
	return raw_call1(__NR_userfaultfd, UFFD_USER_MODE_ONLY_FLAG);
}

static long init_module_none(char **argv)
{
	(void)argv;
	return raw_call3(__NR_init_module, 0, 0, P(""));
}

static long finit_module_none(char **argv)
{
	(void)argv;
	return raw_call3(__NR_finit_module, -1, P(""), 0);
}

static long delete_module_absent(char **argv)
{
	(void)argv;
	return raw_call2(__NR_delete_module, P("landlockd_absent"), O_NONBLOCK);
}

static long kexec_load_bad_flags(char **argv)
{
	(void)argv;
	return raw_call4(__NR_kexec_load, 0, 0, 0, -1);
}

static long kexec_file_load_bad_flags(char **argv)
{
	(void)argv;
	return raw_call5(__NR_kexec_file_load, -1, -1, 0, 0, -1);
}

/* SYSLOG_ACTION_SIZE_BUFFER. */
static long syslog_size(char **argv)
{
	(void)argv;
	return raw_call3(__NR_syslog, 10, 0, 0);
}

/* ---- channels to other processes of the user ---- */

static long shmget_private(char **argv)
{
	long id = raw_call3(__NR_shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600);

	(void)argv;
	if (id >= 0)
		raw_call3(__NR_shmctl, id, IPC_RMID, 0);
	return id;
}

static long msgget_private(char **argv)
{
	long id = raw_call2(__NR_msgget, IPC_PRIVATE, IPC_CREAT | 0600);

	(void)argv;
	if (id >= 0)
		raw_call3(__NR_msgctl, id, IPC_RMID, 0);
	return id;
}

static long semget_private(char **argv)
{
	long id = raw_call3(__NR_semget, IPC_PRIVATE, 1, IPC_CREAT | 0600);

	(void)argv;
	if (id >= 0)
		raw_call4(__NR_semctl, id, 0, IPC_RMID, 0);
	return id;
}

static long mq_open_new(char **argv)
{
	long fd = raw_call4(__NR_mq_open, P(argv[0]), O_RDWR | O_CREAT | O_EXCL, 0600, 0);

	if (fd >= 0)
		raw_call1(__NR_mq_unlink, P(argv[0]));
	return fd;
}

/* call NUMBER: with all arguments zero. */
static long call_number(char **argv)
{
	return raw_call6((long)strtoul(argv[0], NULL, 0), 0, 0, 0, 0, 0, 0);
}

static const struct attempt attempts[] = {
	{ "io_uring_setup", 0, io_uring_setup_ring },
	{ "io_uring_enter", 0, io_uring_enter_none },
	{ "io_uring_register", 0, io_uring_register_none },
	{ "clone3", 0, clone3_fork },
	{ "clone", 1, clone_flags },
	{ "unshare", 1, unshare_flags },
	{ "setns_self", 1, setns_self },
	{ "setns_none", 0, setns_none },
	{ "keyctl_session_to_parent", 0, keyctl_session_to_parent },
	{ "keyctl_join_session", 0, keyctl_join_session },
	{ "add_key", 0, add_key_process },
	{ "request_key", 0, request_key_absent },
	{ "bpf", 0, bpf_map },
	{ "perf_event_open", 0, perf_event },
	{ "userfaultfd", 0, userfaultfd_user_mode },
	{ "init_module", 0, init_module_none },
	{ "finit_module", 0, finit_module_none },
	{ "delete_module", 0, delete_module_absent },
	{ "kexec_load", 0, kexec_load_bad_flags },
	{ "kexec_file_load", 0, kexec_file_load_bad_flags },
	{ "syslog", 0, syslog_size },
	{ "shmget", 0, shmget_private },
	{ "msgget", 0, msgget_private },
	{ "semget", 0, semget_private },
	{ "mq_open", 1, mq_open_new },
	{ "call", 1, call_number },
	{ 0 },
};

PROBE(attempts)
