/* The start record: what landlockd was started with. See start.h. */
#include "base/raw.h"
#include "front/front.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define SIGNALS 64
#define SIGSET_BYTES 8

/* The kernel's struct sigaction, the same on x86_64 and aarch64. */
struct kernel_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

static uint64_t ignored_signals(void)
{
	uint64_t ignored = 0;

	for (int number = 1; number <= SIGNALS; number++) {
		struct kernel_sigaction action = { 0 };

		/* After execve(2), a disposition is the default one or "ignored". */
		if (raw_call4(__NR_rt_sigaction, number, 0, raw_ptr(&action), SIGSET_BYTES) == 0 &&
		    action.handler == (uint64_t)(uintptr_t)SIG_IGN)
			ignored |= UINT64_C(1) << (number - 1);
	}
	return ignored;
}

static int record_standard_fds(struct ll_start *start)
{
	for (int fd = 0; fd < 3; fd++) {
		long flags = raw_call2(__NR_fcntl, fd, F_GETFL);

		start->status_flags[fd] = flags < 0 ? -1 : (int32_t)flags;
		if (flags >= 0)
			continue;
		/* The lowest free number is fd: those below it are open by now. */
		long filled = raw_call4(__NR_openat, AT_FDCWD, raw_ptr("/dev/null"), O_RDWR, 0);

		if (filled < 0)
			return (int)filled;
		if (filled != fd)
			return -EBADF;
		start->closed_fds |= UINT32_C(1) << fd;
	}
	return 0;
}

int ll_front_record(const struct ll_stack *stack, struct ll_start *ret_start)
{
	*ret_start = (struct ll_start){
		.magic = LL_START_MAGIC,
		.size_bytes = sizeof(*ret_start),
		.argc = stack->argc,
		.argv = (uint64_t)(uintptr_t)stack->argv,
		.envc = stack->envc,
		.envp = (uint64_t)(uintptr_t)stack->envp,
	};
	return record_standard_fds(ret_start);
}

int ll_front_record_rest(struct ll_start *start)
{
	long error;

	if (start->version == LL_START_VERSION)
		return 0;
	start->ignored = ignored_signals();
	error = raw_call4(__NR_rt_sigprocmask, SIG_BLOCK, 0, raw_ptr(&start->blocked), SIGSET_BYTES);
	if (error < 0)
		return (int)error;
	for (int resource = 0; resource < LL_START_RLIMITS; resource++) {
		error = raw_call4(__NR_prlimit64, 0, resource, 0, raw_ptr(&start->rlimits[resource]));
		if (error < 0)
			return (int)error;
	}
	start->version = LL_START_VERSION;
	return 0;
}
