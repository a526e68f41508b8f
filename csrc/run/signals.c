#include "run/signals.h"

#include <stdbool.h>

#include "base/raw.h"

/* A sink or a stderr that nobody reads any more, or that is too long, never ends a run. */
static const uint64_t ignored = LL_SIGNAL_BIT(LL_SIGPIPE) | LL_SIGNAL_BIT(LL_SIGXFSZ);

static void set_handler(int signal, uintptr_t handler)
{
	const struct ll_sigaction action = { .handler = handler };

	raw_call4(__NR_rt_sigaction, signal, raw_ptr(&action), 0, sizeof(action.mask));
}

static void set_mask(int how, uint64_t mask)
{
	raw_call4(__NR_rt_sigprocmask, how, raw_ptr(&mask), 0, sizeof(mask));
}

/* The signal's bit, if it was ignored: after execve(2) it is that, or the default. */
static uint64_t was_ignored(int signal, const struct ll_sigaction *action)
{
	struct ll_sigaction before = { 0 };

	raw_call4(__NR_rt_sigaction, signal, raw_ptr(action), raw_ptr(&before), sizeof(before.mask));
	return before.handler == 1 ? LL_SIGNAL_BIT(signal) : 0;
}

uint64_t ll_signals_changed(void)
{
	return LL_FORWARDED | ignored | LL_SIGNAL_BIT(LL_SIGCHLD);
}

/* Blocked, and not ignored: an ignored signal never reaches a signalfd. */
int ll_signals_take(struct ll_supervisor *own)
{
	const uint64_t forwarded = LL_FORWARDED;
	long ret;

	raw_call4(__NR_rt_sigprocmask, LL_SIG_BLOCK, raw_ptr(&forwarded), raw_ptr(&own->mask_before),
		  sizeof(own->mask_before));
	for (int signal = 1; signal <= LL_SIGNALS; signal++) {
		const struct ll_sigaction action = { .handler = (ignored & LL_SIGNAL_BIT(signal)) != 0 };

		if ((forwarded | ignored) & LL_SIGNAL_BIT(signal))
			own->ignored_before |= was_ignored(signal, &action);
	}
	/* The keeper's to change. */
	own->ignored_before |= was_ignored(LL_SIGCHLD, NULL);
	ret = raw_call4(__NR_signalfd4, -1, raw_ptr(&forwarded), sizeof(forwarded), LL_O_CLOEXEC | LL_O_NONBLOCK);
	own->signals = (int32_t)(ret < 0 ? -1 : ret);
	return ret < 0 ? (int)ret : 0;
}

void ll_signals_restore(const struct ll_supervisor *own)
{
	const long self = raw_call0(__NR_getpid);

	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if ((LL_FORWARDED | ignored) & LL_SIGNAL_BIT(signal))
			set_handler(signal, own->ignored_before >> (signal - 1) & 1);
	/* Still blocked: they wait for the mask with those that nobody has read. */
	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if (own->early & LL_SIGNAL_BIT(signal))
			raw_call2(__NR_kill, self, signal);
	set_mask(LL_SIG_SETMASK, own->mask_before);
}

static void pass(const struct ll_supervisor *own, uint32_t signal)
{
	raw_call4(LL_NR_pidfd_send_signal, own->pidfd, signal, 0, 0);
}

/*
 * A process's signals are for landlockd alone. Of the kernel's, a terminal's reach the workload as well, which is in
 * the foreground too; not so that of a timer which was set before landlockd was executed, nor that of a terminal that
 * hangs up, which is for its session's leader.
 */
static bool is_ours_alone(const struct ll_siginfo *info)
{
	if (info->code <= 0 || info->signal == LL_SIGCONT || info->signal == LL_SIGALRM)
		return true;
	return info->signal == LL_SIGHUP && raw_call1(__NR_getsid, 0) == raw_call0(__NR_getpid);
}

void ll_signals_pass(struct ll_supervisor *own)
{
	struct ll_siginfo info;

	while (raw_call3(__NR_read, own->signals, raw_ptr(&info), sizeof(info)) == sizeof(info)) {
		const bool passed = is_ours_alone(&info);

		if (own->pidfd < 0)
			own->early |= LL_SIGNAL_BIT(info.signal);
		if (own->pidfd < 0 && passed)
			own->unsent |= LL_SIGNAL_BIT(info.signal);
		else if (passed)
			pass(own, info.signal);
	}
}

void ll_signals_pass_unsent(struct ll_supervisor *own)
{
	for (uint32_t signal = 1; signal <= LL_SIGNALS; signal++)
		if (own->unsent & LL_SIGNAL_BIT(signal))
			pass(own, signal);
	own->unsent = 0;
}

void ll_signals_act(int signal)
{
	const struct ll_sigaction by_default = { .handler = 0 };
	const uint64_t mask = LL_SIGNAL_BIT(signal);
	struct ll_sigaction action;
	uint64_t before;

	raw_call4(__NR_rt_sigaction, signal, raw_ptr(&by_default), raw_ptr(&action), sizeof(mask));
	raw_call3(__NR_tgkill, raw_call0(__NR_getpid), raw_call0(__NR_gettid), signal);
	raw_call4(__NR_rt_sigprocmask, LL_SIG_UNBLOCK, raw_ptr(&mask), raw_ptr(&before), sizeof(mask));
	set_mask(LL_SIG_SETMASK, before);
	raw_call4(__NR_rt_sigaction, signal, raw_ptr(&action), 0, sizeof(mask));
}

void ll_signals_stop_along(int32_t wait_status)
{
	const int signal = wait_status >> 8 & 0xff;

	if (signal <= LL_SIGNALS && (LL_JOB_STOPS & LL_SIGNAL_BIT(signal)))
		ll_signals_act(signal);
}

void ll_signals_die(int signal)
{
	const struct ll_rlimit no_core = { 0 };

	raw_call4(__NR_prlimit64, 0, LL_RLIMIT_CORE, raw_ptr(&no_core), 0);
	set_handler(signal, 0);
	set_mask(LL_SIG_UNBLOCK, LL_SIGNAL_BIT(signal));
	raw_call2(__NR_kill, raw_call0(__NR_getpid), signal);
}
