#include "run/terminal.h"

#include <stdbool.h>

#include "base/raw.h"
#include "base/uapi.h"

/* The controlling terminal, whatever the standard streams are; tty(4): ENXIO without one. */
static long open_terminal(void)
{
	return raw_call4(__NR_openat, LL_AT_FDCWD, raw_ptr("/dev/tty"), LL_O_RDONLY | LL_O_CLOEXEC, 0);
}

/* ioctl_tty(2); 0 for a group outside of our PID namespace, and where the kernel doesn't say. */
static int32_t foreground_of(long terminal)
{
	int32_t group = 0;

	return raw_call3(__NR_ioctl, terminal, LL_TIOCGPGRP, raw_ptr(&group)) < 0 ? 0 : group;
}

int32_t ll_terminal_foreground(void)
{
	const long terminal = open_terminal();
	int32_t group;

	if (terminal < 0)
		return 0;
	group = foreground_of(terminal);
	raw_call1(__NR_close, terminal);
	return group == raw_call1(__NR_getpgid, 0) ? group : 0;
}

/* kill(2): ESRCH where the group has no process, and no zombie either. */
static bool is_gone(int32_t group)
{
	return group > 0 && raw_call2(__NR_kill, -group, 0) == -LL_ESRCH;
}

void ll_terminal_give_back(int32_t group)
{
	const uint64_t blocked = LL_SIGNAL_BIT(LL_SIGTTOU);
	uint64_t before = 0;
	const long terminal = group > 0 ? open_terminal() : -1;

	if (terminal < 0)
		return;
	if (is_gone(foreground_of(terminal))) {
		/* By who isn't in the foreground it takes a SIGTTOU that is blocked. */
		raw_call4(__NR_rt_sigprocmask, LL_SIG_BLOCK, raw_ptr(&blocked), raw_ptr(&before), sizeof(before));
		raw_call3(__NR_ioctl, terminal, LL_TIOCSPGRP, raw_ptr(&group));
		raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&before), 0, sizeof(before));
	}
	raw_call1(__NR_close, terminal);
}
