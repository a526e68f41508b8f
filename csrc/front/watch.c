#include "front/watch.h"

#include "base/raw.h"
#include "base/uapi.h"
#include "run/terminal.h"

enum { WATCHED = 4, NANOSECONDS_PER_MS = 1000000 };

/* Stops of job control: the shell that started us must see them. */
static const uint64_t job_stops = LL_SIGNAL_BIT(LL_SIGTSTP) | LL_SIGNAL_BIT(LL_SIGTTIN) | LL_SIGNAL_BIT(LL_SIGTTOU);

/* Passed on to the workload, but for those that reach it by themselves. */
static const uint64_t forwarded = LL_SIGNAL_BIT(LL_SIGHUP) | LL_SIGNAL_BIT(LL_SIGINT) | LL_SIGNAL_BIT(LL_SIGQUIT) |
				  LL_SIGNAL_BIT(LL_SIGUSR1) | LL_SIGNAL_BIT(LL_SIGUSR2) | LL_SIGNAL_BIT(LL_SIGALRM) |
				  LL_SIGNAL_BIT(LL_SIGTERM) | LL_SIGNAL_BIT(LL_SIGCONT) | LL_SIGNAL_BIT(LL_SIGWINCH) |
				  LL_SIGNAL_BIT(LL_SIGTSTP) | LL_SIGNAL_BIT(LL_SIGTTIN) | LL_SIGNAL_BIT(LL_SIGTTOU);

/* A sink or a stderr that nobody reads any more, or that is too long, never ends a run. */
static const uint64_t ignored = LL_SIGNAL_BIT(LL_SIGPIPE) | LL_SIGNAL_BIT(LL_SIGXFSZ);

static void set_handler(int signal, uintptr_t handler)
{
	const struct ll_sigaction action = { .handler = handler };

	raw_call4(__NR_rt_sigaction, signal, raw_ptr(&action), 0, sizeof(action.mask));
}

/* The signal's bit, if it was ignored: after execve(2) it is that, or the default. */
static uint64_t was_ignored(int signal, const struct ll_sigaction *action)
{
	struct ll_sigaction before = { 0 };

	raw_call4(__NR_rt_sigaction, signal, raw_ptr(action), raw_ptr(&before), sizeof(before.mask));
	return before.handler == 1 ? LL_SIGNAL_BIT(signal) : 0;
}

static void set_mask(int how, uint64_t mask)
{
	raw_call4(__NR_rt_sigprocmask, how, raw_ptr(&mask), 0, sizeof(mask));
}

/* Blocked, and not ignored: an ignored signal never reaches a signalfd. */
static int take_signals(struct ll_watch *watch)
{
	raw_call4(__NR_rt_sigprocmask, LL_SIG_BLOCK, raw_ptr(&forwarded), raw_ptr(&watch->mask_before),
		  sizeof(watch->mask_before));
	for (int signal = 1; signal <= LL_SIGNALS; signal++) {
		const struct ll_sigaction action = { .handler = (ignored & LL_SIGNAL_BIT(signal)) != 0 };

		if ((forwarded | ignored) & LL_SIGNAL_BIT(signal))
			watch->ignored_before |= was_ignored(signal, &action);
	}
	/* The keeper's to change. */
	watch->ignored_before |= was_ignored(LL_SIGCHLD, NULL);
	return (int)raw_call4(__NR_signalfd4, -1, raw_ptr(&forwarded), sizeof(forwarded), LL_O_CLOEXEC | LL_O_NONBLOCK);
}

static void restore_signals(const struct ll_watch *watch)
{
	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if ((forwarded | ignored) & LL_SIGNAL_BIT(signal))
			set_handler(signal, watch->ignored_before >> (signal - 1) & 1);
	/* Still blocked: they wait for the mask with those that nobody has read. */
	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if (watch->early & LL_SIGNAL_BIT(signal))
			raw_call2(__NR_kill, raw_call0(__NR_getpid), signal);
	set_mask(LL_SIG_SETMASK, watch->mask_before);
}

int ll_watch_start(struct ll_watch *ret_watch, const struct ll_plan *plan, const struct ll_exec *exec,
		   uint32_t launch_flags)
{
	struct ll_exec own = *exec;
	struct ll_message failure;
	int ret;

	*ret_watch = (struct ll_watch){ .pidfd = -1, .mounts = -1 };
	/* Before there is a workload: a signal that comes as soon as it runs is meant for it. */
	ret = take_signals(ret_watch);
	ret_watch->signals = ret;
	own.changed = forwarded | ignored | LL_SIGNAL_BIT(LL_SIGCHLD);
	own.ignored = ret_watch->ignored_before;
	own.blocked = ret_watch->mask_before;
	if (ret >= 0)
		ret = ll_spawn_exec(plan, &own, launch_flags, &ret_watch->spawned, &failure);
	if (ret >= 0)
		return 0;
	if (ret_watch->signals >= 0)
		raw_call1(__NR_close, ret_watch->signals);
	restore_signals(ret_watch);
	return ret;
}

static void send_signal(const struct ll_watch *watch, int signal)
{
	raw_call4(LL_NR_pidfd_send_signal, watch->pidfd, signal, 0, 0);
}

/*
 * A process's signals are for us alone. Of the kernel's, a terminal's reach the workload as well, which is in the
 * foreground too; not so that of a timer which was set before we were executed, nor that of a terminal that hangs up,
 * which is for its session's leader.
 */
static bool is_ours_alone(const struct ll_siginfo *info)
{
	if (info->code <= 0 || info->signal == LL_SIGCONT || info->signal == LL_SIGALRM)
		return true;
	return info->signal == LL_SIGHUP && raw_call1(__NR_getsid, 0) == raw_call0(__NR_getpid);
}

static void pass_signals(struct ll_watch *watch)
{
	struct ll_siginfo info;

	while (raw_call3(__NR_read, watch->signals, raw_ptr(&info), sizeof(info)) == sizeof(info)) {
		const bool passed = is_ours_alone(&info);

		if (watch->pidfd < 0)
			watch->early |= LL_SIGNAL_BIT(info.signal);
		if (watch->pidfd < 0 && passed)
			watch->unsent |= LL_SIGNAL_BIT(info.signal);
		else if (passed)
			send_signal(watch, (int)info.signal);
	}
}

/* By the workload's own signal, which the kernel drops where there is no shell to continue us. */
static void stop_along(int signal)
{
	if (!(job_stops & LL_SIGNAL_BIT(signal)))
		return;
	raw_call2(__NR_kill, raw_call0(__NR_getpid), signal);
	set_mask(LL_SIG_UNBLOCK, LL_SIGNAL_BIT(signal));
	set_mask(LL_SIG_BLOCK, LL_SIGNAL_BIT(signal));
}

/* What the watch itself has to know of a message. */
static void note(struct ll_watch *watch, const struct ll_message *message, int32_t *fd)
{
	if (message->kind == LL_MESSAGE_STOPPED)
		stop_along(message->status >> 8 & 0xff);
	if (message->kind != LL_MESSAGE_STARTED)
		return;
	watch->pidfd = *fd;
	*fd = -1;
	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if (watch->unsent & LL_SIGNAL_BIT(signal))
			send_signal(watch, signal);
	watch->unsent = 0;
}

enum ll_watch_event ll_watch_wait(struct ll_watch *watch, int helper, int64_t timeout_ms,
				  struct ll_message *ret_message, int32_t *ret_fd)
{
	struct ll_pollfd fds[WATCHED] = {
		{ .fd = watch->spawned.channel, .events = LL_POLLIN },
		{ .fd = watch->signals, .events = LL_POLLIN },
		{ .fd = helper, .events = LL_POLLIN },
		/* Behind the helper: what was mounted before a request came is seen with it. */
		{ .fd = watch->mounts, .events = LL_POLLPRI },
	};
	const struct ll_timespec timeout = { .seconds = timeout_ms / 1000,
					     .nanoseconds = timeout_ms % 1000 * NANOSECONDS_PER_MS };

	for (;;) {
		const long ret =
			raw_call5(__NR_ppoll, raw_ptr(fds), WATCHED, timeout_ms < 0 ? 0 : raw_ptr(&timeout), 0, 0);

		if (ret == 0)
			return LL_WATCH_TIMEOUT;
		if (ret < 0)
			continue;
		watch->mounts_changed |= (fds[3].revents & LL_POLLPRI) != 0;
		if (fds[1].revents != 0)
			pass_signals(watch);
		if (fds[0].revents != 0) {
			const int taken = ll_take(watch->spawned.channel, LL_MSG_DONTWAIT, ret_message, ret_fd);

			if (taken == 1) {
				note(watch, ret_message, ret_fd);
				return LL_WATCH_MESSAGE;
			}
			if (taken != -LL_EAGAIN && taken != -LL_EINTR)
				return LL_WATCH_GONE;
		}
		watch->helper_events = fds[2].revents;
		if (fds[2].revents != 0)
			return LL_WATCH_HELPER;
	}
}

void ll_watch_end(struct ll_watch *watch)
{
	raw_call1(__NR_close, watch->spawned.channel);
	while (raw_call4(__NR_wait4, watch->spawned.keeper_pid, 0, LL_WALL, 0) == -LL_EINTR)
		;
	ll_terminal_give_back(watch->spawned.foreground);
}

void ll_watch_restore(struct ll_watch *watch)
{
	raw_call1(__NR_close, watch->spawned.keeper_pidfd);
	raw_call1(__NR_close, watch->signals);
	if (watch->pidfd >= 0)
		raw_call1(__NR_close, watch->pidfd);
	ll_release(&watch->spawned);
	restore_signals(watch);
}

_Noreturn void ll_watch_exit(int32_t wait_status)
{
	const struct ll_rlimit no_core = { 0 };
	const int signal = wait_status & 0x7f;

	if (signal == 0)
		raw_call1(__NR_exit_group, wait_status >> 8 & 0xff);
	raw_call4(__NR_prlimit64, 0, LL_RLIMIT_CORE, raw_ptr(&no_core), 0);
	set_handler(signal, 0);
	set_mask(LL_SIG_UNBLOCK, LL_SIGNAL_BIT(signal));
	raw_call2(__NR_kill, raw_call0(__NR_getpid), signal);
	/* A signal whose default isn't to end a process can't have ended one. */
	raw_call1(__NR_exit_group, 128 + signal);
	__builtin_trap();
}
