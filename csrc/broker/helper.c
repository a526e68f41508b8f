#include "broker/helper.h"

#include "base/clone.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "broker/listener.h"

/* ATTEMPTS_MAX: openat2 gives up when a rename elsewhere crosses a ".." that it must be sure of. */
enum { MAPPING_SIZE = 16 * 1024, COPY_MAX = 1 << 30, ATTEMPTS_MAX = 16 };

/* At the start of its mapping; the rest is its stack. */
struct job {
	struct ll_help help;
	int32_t result;
	uint32_t handing; /* enum ll_handing */
};

static int help_open(const struct ll_help *help, uint32_t *handing)
{
	const long fd =
		raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(help->path), help->flags | LL_O_CLOEXEC, help->mode);
	const struct ll_gift gift = { .id = help->id, .fd = (int32_t)fd, .fd_flags = help->fd_flags };
	const struct ll_notif_resp response = { .id = help->id, .error = (int32_t)fd };

	if (fd >= 0)
		return ll_hand_over(handing, help->listener, &gift, ll_handing_steps());
	ll_listener_call(help->listener, LL_SECCOMP_IOCTL_NOTIF_SEND, &response);
	return (int)fd;
}

/* No more than there is when it begins: what somebody appends to as fast as it is copied would be copied for ever. */
static int help_copy(const struct ll_help *help)
{
	struct ll_statx status = { 0 };
	long ret = raw_call5(__NR_statx, help->from, raw_ptr(""), LL_AT_EMPTY_PATH, LL_STATX_SIZE, raw_ptr(&status));
	uint64_t left = ret < 0 ? 0 : status.size;

	while (left > 0) {
		ret = raw_call4(__NR_sendfile, help->to, help->from, 0, (long)(left < COPY_MAX ? left : COPY_MAX));
		if (ret <= 0)
			break;
		left -= (uint64_t)ret;
	}
	return ret < 0 ? (int)ret : (int)raw_call1(__NR_fsync, help->to);
}

static int send_file(int socket, int fd)
{
	struct ll_statx stat = { 0 };
	struct ll_cmsg_fd control = {
		.size = offsetof(struct ll_cmsg_fd, pad), .level = LL_SOL_SOCKET, .type = LL_SCM_RIGHTS, .fd = fd
	};
	struct ll_iovec iov = { .base = &stat, .size = sizeof(stat) };
	struct ll_msghdr header = { .iov = &iov, .iov_count = 1, .control = &control, .control_size = sizeof(control) };
	long ret = raw_call5(__NR_statx, fd, raw_ptr(""), LL_AT_EMPTY_PATH | LL_AT_STATX_DONT_SYNC,
			     LL_STATX_BASIC_STATS | LL_STATX_MNT_ID, raw_ptr(&stat));

	if (ret >= 0)
		ret = raw_call3(__NR_sendmsg, socket, raw_ptr(&header), LL_MSG_NOSIGNAL);
	return ret < 0 ? (int)ret : 0;
}

static int help_openat2(const struct ll_help *help)
{
	long from = help->from;
	long fd;

	if (help->path[0] != '\0')
		from = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(help->path), LL_O_PATH | LL_O_CLOEXEC, 0);
	if (from < 0 && from != LL_AT_FDCWD)
		return (int)from;
	for (int attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
		fd = raw_call4(LL_NR_openat2, from, (long)help->args[1], (long)help->args[2], (long)help->args[3]);
		if (fd != -LL_EAGAIN)
			break;
	}
	return fd < 0 ? (int)fd : send_file(help->to, (int)fd);
}

static int help_call(const struct ll_help *help)
{
	const uint64_t *args = help->args;

	return (int)raw_call5(help->call, (long)args[0], (long)args[1], (long)args[2], (long)args[3], (long)args[4]);
}

/* Whatever isn't among these. */
static void close_others(const int32_t *kept, int count)
{
	int64_t from = 0;

	for (;;) {
		int64_t next = INT64_C(1) << 32;

		for (int i = 0; i < count; i++)
			if (kept[i] >= from && kept[i] < next)
				next = kept[i];
		if (next > from)
			raw_call3(__NR_close_range, from, next - 1, 0);
		if (next == INT64_C(1) << 32)
			return;
		from = next + 1;
	}
}

static int help(const struct ll_help *help, uint32_t *handing)
{
	const int32_t kept[] = { help->listener, help->from, help->to };

	close_others(kept, sizeof(kept) / sizeof(kept[0]));
	switch ((enum ll_help_kind)help->kind) {
	case LL_HELP_OPEN:
		return help_open(help, handing);
	case LL_HELP_COPY:
		return help_copy(help);
	case LL_HELP_OPENAT2:
		return help_openat2(help);
	case LL_HELP_CALL:
		return help_call(help);
	}
	return -LL_EINVAL;
}

static int run_job(void *argument)
{
	struct job *job = argument;

	raw_call5(__NR_prctl, LL_PR_SET_PDEATHSIG, LL_SIGKILL, 0, 0, 0);
	job->result = help(&job->help, &job->handing);
	return 0;
}

/* All signals stay blocked in it: its handlers would be ours. SIGKILL ends it. */
int32_t ll_help_start(const struct ll_help *help, struct ll_helper *ret_helper)
{
	const long base = raw_call6(__NR_mmap, 0, MAPPING_SIZE, LL_PROT_READ | LL_PROT_WRITE,
				    LL_MAP_PRIVATE | LL_MAP_ANONYMOUS, -1, 0);
	struct job *job = (void *)(uintptr_t)base;
	long pid;

	if (base < 0 && base > -4096)
		return (int32_t)base;
	job->help = *help;
	job->result = -LL_EINTR;
	pid = ll_clone_blocked(LL_CLONE_VM | LL_CLONE_PIDFD, (char *)job + MAPPING_SIZE, &ret_helper->pidfd, run_job,
			       job);
	if (pid < 0) {
		raw_call2(__NR_munmap, base, MAPPING_SIZE);
		return (int32_t)pid;
	}
	ret_helper->pid = (int32_t)pid;
	ret_helper->mapping = (uint64_t)base;
	return 0;
}

int32_t ll_help_kill(const struct ll_helper *helper)
{
	struct job *job = (void *)(uintptr_t)helper->mapping;

	if (!ll_handing_stop(&job->handing))
		return 0;
	raw_call4(LL_NR_pidfd_send_signal, helper->pidfd, LL_SIGKILL, 0, 0);
	return 1;
}

int32_t ll_help_end(const struct ll_helper *helper)
{
	const struct job *job = (const void *)(uintptr_t)helper->mapping;
	int32_t result;

	while (raw_call4(__NR_wait4, helper->pid, 0, LL_WALL, 0) == -LL_EINTR)
		;
	result = job->result;
	raw_call1(__NR_close, helper->pidfd);
	raw_call2(__NR_munmap, (long)helper->mapping, MAPPING_SIZE);
	return result;
}
