#include "helper.h"

#include "clone.h"
#include "raw.h"
#include "uapi.h"

enum { MAPPING_SIZE = 16 * 1024, COPY_MAX = 1 << 30 };

/* At the start of its mapping; the rest is its stack. */
struct job {
	struct ll_help help;
	int32_t result;
};

/* Before Linux 5.14 an fd can't answer a call by itself. */
static int answer_fd(const struct ll_help *help, int fd)
{
	struct ll_notif_addfd addfd = {
		.id = help->id,
		.flags = LL_SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = help->fd_flags,
	};
	struct ll_notif_resp response = { .id = help->id };
	long ret = raw_call3(__NR_ioctl, help->listener, LL_SECCOMP_IOCTL_NOTIF_ADDFD, raw_ptr(&addfd));

	if (ret >= 0)
		return 0;
	if (ret == -LL_EINVAL) {
		addfd.flags = 0;
		ret = raw_call3(__NR_ioctl, help->listener, LL_SECCOMP_IOCTL_NOTIF_ADDFD, raw_ptr(&addfd));
		response.val = ret < 0 ? 0 : ret;
	}
	response.error = ret < 0 ? (int32_t)ret : 0;
	raw_call3(__NR_ioctl, help->listener, LL_SECCOMP_IOCTL_NOTIF_SEND, raw_ptr(&response));
	return response.error;
}

static int help_open(const struct ll_help *help)
{
	const long fd = raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr(help->path), help->flags | LL_O_CLOEXEC, 0);
	const struct ll_notif_resp response = { .id = help->id, .error = (int32_t)fd };

	if (fd >= 0)
		return answer_fd(help, (int)fd);
	raw_call3(__NR_ioctl, help->listener, LL_SECCOMP_IOCTL_NOTIF_SEND, raw_ptr(&response));
	return (int)fd;
}

static int help_copy(const struct ll_help *help)
{
	long ret;

	do
		ret = raw_call4(__NR_sendfile, help->to, help->from, 0, COPY_MAX);
	while (ret > 0);
	return ret < 0 ? (int)ret : (int)raw_call1(__NR_fsync, help->to);
}

static int run_job(void *argument)
{
	struct job *job = argument;

	raw_call5(__NR_prctl, LL_PR_SET_PDEATHSIG, LL_SIGKILL, 0, 0, 0);
	job->result = job->help.kind == LL_HELP_OPEN ? help_open(&job->help) : help_copy(&job->help);
	return 0;
}

/* All signals stay blocked in it: its handlers would be ours. SIGKILL ends it. */
int32_t ll_help_start(const struct ll_help *help, struct ll_helper *ret_helper)
{
	const long base = raw_call6(__NR_mmap, 0, MAPPING_SIZE, LL_PROT_READ | LL_PROT_WRITE,
				    LL_MAP_PRIVATE | LL_MAP_ANONYMOUS, -1, 0);
	struct job *job = (void *)(uintptr_t)base;
	uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;
	long pid;

	if (base < 0 && base > -4096)
		return (int32_t)base;
	job->help = *help;
	job->result = -LL_EINTR;
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&all), raw_ptr(&before), sizeof(all));
	pid = ll_clone(LL_CLONE_VM | LL_CLONE_PIDFD, (char *)job + MAPPING_SIZE, &ret_helper->pidfd, run_job, job);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	if (pid < 0) {
		raw_call2(__NR_munmap, base, MAPPING_SIZE);
		return (int32_t)pid;
	}
	ret_helper->pid = (int32_t)pid;
	ret_helper->mapping = (uint64_t)base;
	return 0;
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
