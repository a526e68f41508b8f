#include "run/supervisor.h"

#include "audit/audit.h"
#include "base/file.h"
#include "base/raw.h"
#include "broker/sieve.h"
#include "run/channel.h"
#include "run/keeper.h"
#include "run/signals.h"
#include "run/terminal.h"

enum {
	WATCHED = 5,
	NANOSECONDS_PER_MS = 1000000,
	PASSED_AT_ONCE_MAX = 1024, /* requests of a turn */
};

/* By what a step waits for. */
enum { LISTENER, CHANNEL, SIGNALS, DRIVER, MOUNTS };

static struct ll_run *run_of(const struct ll_supervisor *own)
{
	return (struct ll_run *)(uintptr_t)own->run;
}

void ll_supervisor_init(struct ll_supervisor *own)
{
	*own = (struct ll_supervisor){
		.keeper_pidfd = -1,
		.channel = -1,
		.signals = -1,
		.pidfd = -1,
		.status = -1,
		.listener = -1,
		.driver = -1,
		.mounts = -1,
	};
}

static int note_launch(struct ll_supervisor *own, int ret, const struct ll_message *failure)
{
	if (ret == 0) {
		own->plan = (uint64_t)(uintptr_t)run_of(own)->plan.header;
		own->plan_size = run_of(own)->plan.header->size;
		return 0;
	}
	own->failed_stage = failure->stage;
	own->failed_op = failure->op;
	own->failed_errno = failure->errno;
	return ret;
}

int ll_supervisor_start(struct ll_supervisor *own, const struct ll_plan *plan, const struct ll_exec *exec)
{
	struct ll_message failure = { 0 };

	return note_launch(own, ll_spawn_exec(plan, exec, own, &failure), &failure);
}

int32_t ll_supervisor_launch(struct ll_supervisor *own, const void *plan, uint32_t plan_size, void *launch,
			     uint32_t launch_size)
{
	struct ll_message failure = { 0 };

	return note_launch(own, ll_spawn(plan, plan_size, launch, launch_size, own, &failure), &failure);
}

/* In ms: what is left for what outlived the workload; 0 where nothing did, or nothing is left; -1 while it runs. */
static int64_t grace_left(const struct ll_supervisor *own)
{
	int64_t left;

	if (own->status < 0)
		return -1;
	if (own->gone || own->empty || !(own->flags & LL_LAUNCH_LINGER))
		return 0;
	left = (int64_t)own->grace_end_ms - ll_now_ms();
	return left > 0 ? left : 0;
}

/* The first event that the driver wasn't told, or TURN. */
static int32_t next_untold(struct ll_supervisor *own)
{
	for (int32_t event = LL_EVENT_LISTENER; event <= LL_EVENT_BROKEN; event++) {
		if (own->untold >> event & 1) {
			own->untold &= ~(UINT32_C(1) << event);
			return event;
		}
	}
	return LL_EVENT_TURN;
}

/* ASKED where the request is the driver's to answer. ENOENT: who asked is gone. Any other error would come for ever. */
static int32_t receive(struct ll_supervisor *own)
{
	struct ll_sieve *sieve = (struct ll_sieve *)(uintptr_t)own->sieve;
	const int32_t ret = ll_sieve_receive(sieve);

	sieve->received = ret == 1;
	if (ret == 1)
		return LL_EVENT_ASKED;
	if (ret == 0 || ret == -LL_ENOENT || ret == -LL_EINTR)
		return LL_EVENT_TURN;
	own->failed_errno = -ret;
	return LL_EVENT_BROKEN;
}

/* What is ready, in an order: TURN where it was nothing that a driver has to know. */
static int32_t on_ready(struct ll_supervisor *own, const struct ll_pollfd fds[WATCHED])
{
	if (fds[MOUNTS].revents != 0)
		return LL_EVENT_MOUNTS;
	if (fds[SIGNALS].revents != 0)
		ll_signals_pass(own);
	if (fds[CHANNEL].revents != 0) {
		ll_channel_take(own);
		return LL_EVENT_TURN;
	}
	if (fds[DRIVER].revents != 0)
		return LL_EVENT_DRIVER;
	/* POLLERR of a listener only says that a signal came while the kernel looked (seccomp_notify_poll). */
	if (fds[LISTENER].revents & LL_POLLIN)
		return receive(own);
	return fds[LISTENER].revents & LL_POLLHUP ? LL_EVENT_DESERTED : LL_EVENT_TURN;
}

/* Nothing can be asked before the workload runs, nor where nobody sifts. */
static int32_t asked_by(const struct ll_supervisor *own)
{
	return own->pid != 0 && own->sieve != 0 ? own->listener : -1;
}

/* poll(2) wakes on the caller's CPU where epoll(7) doesn't. What ppoll(2) returns. */
static long wait_for(const struct ll_supervisor *own, int64_t timeout_ms, struct ll_pollfd ret_fds[WATCHED])
{
	const struct ll_timespec timeout = { .seconds = timeout_ms / 1000,
					     .nanoseconds = timeout_ms % 1000 * NANOSECONDS_PER_MS };

	ret_fds[LISTENER] = (struct ll_pollfd){ .fd = asked_by(own), .events = LL_POLLIN };
	ret_fds[CHANNEL] = (struct ll_pollfd){ .fd = own->channel, .events = LL_POLLIN };
	ret_fds[SIGNALS] = (struct ll_pollfd){ .fd = own->signals, .events = LL_POLLIN };
	ret_fds[DRIVER] = (struct ll_pollfd){ .fd = own->driver, .events = LL_POLLIN };
	ret_fds[MOUNTS] = (struct ll_pollfd){ .fd = own->mounts, .events = LL_POLLPRI };
	return raw_call5(__NR_ppoll, raw_ptr(ret_fds), WATCHED, timeout_ms < 0 ? 0 : raw_ptr(&timeout), 0, 0);
}

int32_t ll_supervisor_step(struct ll_supervisor *own, int32_t timeout_ms)
{
	struct ll_pollfd fds[WATCHED];

	for (int turn = 0; turn < PASSED_AT_ONCE_MAX; turn++) {
		const int64_t left = grace_left(own);
		int32_t event = next_untold(own);
		long ready;

		if (event == LL_EVENT_TURN && left == 0)
			event = LL_EVENT_OVER;
		if (event != LL_EVENT_TURN)
			return event;
		ready = wait_for(own, left < 0 || (timeout_ms >= 0 && timeout_ms < left) ? timeout_ms : left, fds);
		if (ready < 0 && ready != -LL_EINTR) {
			own->failed_errno = (int32_t)-ready;
			return LL_EVENT_BROKEN;
		}
		if (ready > 0)
			event = on_ready(own, fds);
		if (event != LL_EVENT_TURN || (ready == 0 && timeout_ms >= 0))
			return event;
	}
	return LL_EVENT_TURN;
}

void ll_supervisor_end(struct ll_supervisor *own)
{
	if (own->channel >= 0)
		raw_call1(__NR_close, own->channel);
	own->channel = -1;
	if (own->keeper_pid > 0)
		while (raw_call4(__NR_wait4, own->keeper_pid, 0, LL_WALL, 0) == -LL_EINTR)
			;
	own->keeper_pid = 0;
	ll_terminal_give_back(own->foreground);
}

void ll_supervisor_release(struct ll_supervisor *own)
{
	if (own->keeper_pidfd >= 0)
		raw_call1(__NR_close, own->keeper_pidfd);
	if (own->pidfd >= 0)
		raw_call1(__NR_close, own->pidfd);
	own->keeper_pidfd = own->pidfd = -1;
	ll_unmap_run(own);
}

void ll_supervisor_tell_mounts(const struct ll_supervisor *own)
{
	if (own->audit != 0 && own->run != 0)
		ll_audit_mounts((struct ll_audit *)(uintptr_t)own->audit, &run_of(own)->plan, own->keeper_pid,
				own->failed_op, own->failed_errno);
}

void ll_supervisor_catch_up(const struct ll_supervisor *own)
{
	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if (own->early & ~own->ignored_before & LL_SIGNAL_BIT(signal))
			ll_signals_act(signal);
}

_Noreturn void ll_supervisor_exit(int32_t wait_status)
{
	const int signal = wait_status & 0x7f;

	if (signal == 0)
		raw_call1(__NR_exit_group, wait_status >> 8 & 0xff);
	ll_signals_die(signal);
	/* A signal whose default isn't to end a process can't have ended one. */
	raw_call1(__NR_exit_group, 128 + signal);
	__builtin_trap();
}
