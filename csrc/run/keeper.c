#include "run/keeper.h"

#include <stdbool.h>

#include "base/clone.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "run/hands.h"
#include "run/kill.h"

/* With those of kill.h the fds that the keeper has, by number: whatever else it inherited is closed. */
enum { CHANNEL_FD = 3 };

static const uint64_t sigchld_mask = LL_SIGNAL_BIT(LL_SIGCHLD);

/* By which a terminal ends what runs in it. */
static const uint64_t terminal_ends = LL_SIGNAL_BIT(LL_SIGHUP) | LL_SIGNAL_BIT(LL_SIGINT) | LL_SIGNAL_BIT(LL_SIGQUIT);

static int fail(const struct ll_run *run, uint32_t stage, int32_t op, int error)
{
	const struct ll_message message = {
		.kind = LL_MESSAGE_FAILED,
		.stage = stage,
		.op = op,
		.errno = -error,
	};

	ll_send(run->channel, &message, -1);
	return 1;
}

/*
 * A terminal's signals go to every process of the foreground, so nobody passes them on. What came while we made the
 * sandbox went to the keeper, and would miss the workload.
 */
static void pass_pending(const struct ll_run *run)
{
	for (int signal = 1; signal <= LL_SIGNALS; signal++)
		if (run->pending & terminal_ends & LL_SIGNAL_BIT(signal))
			raw_call2(__NR_kill, raw_call0(__NR_getpid), signal);
}

/* The workload-to-be. Whoever kills the keeper takes it along. */
static int workload(void *argument)
{
	struct ll_run *run = argument;
	const uint32_t fork = ll_plan_fork(&run->plan);
	int ret = (int)raw_call5(__NR_prctl, LL_PR_SET_PDEATHSIG, LL_SIGKILL, 0, 0, 0);

	run->failure.kind = LL_MESSAGE_FAILED;
	run->failure.stage = LL_STAGE_CLONE;
	run->failure.op = -1;
	if (ret == 0) {
		pass_pending(run);
		ll_post_warden(run);
		ret = ll_apply(&run->state, fork + 1, run->plan.header->op_count);
		if (ret < 0) {
			run->failure.stage = run->plan.ops[run->state.failed_op].kind;
			run->failure.op = run->state.failed_op;
		} else {
			run->failure.stage = LL_STAGE_EXEC;
			run->failure.errno = 0;
			ret = ll_exec(&run->exec);
		}
	}
	run->failure.errno = -ret;
	return 1;
}

struct watch {
	const struct ll_run *run;
	long pid; /* of the workload, 0 once it was reaped */
	bool empty;
};

/*
 * Whether a workload that has left our memory did so by execve(2), which gave it an exit signal. One that a signal
 * ended before that has none, so that nothing would wake us: wait(2) has to be asked for it, and this waits for its
 * end.
 */
static bool was_executed(long pid)
{
	long ret;

	do
		ret = raw_call5(__NR_waitid, LL_P_PID, pid, 0, LL_WEXITED | LL_WNOWAIT | LL_WCLONE, 0);
	while (ret == -LL_EINTR);
	return ret != 0;
}

static void report(struct watch *watch, int32_t status)
{
	struct ll_message message = { .pid = (int32_t)watch->pid, .status = status };

	message.kind = (status & 0xff) == 0x7f ? LL_MESSAGE_STOPPED : LL_MESSAGE_EXITED;
	if (message.kind == LL_MESSAGE_EXITED)
		watch->pid = 0;
	ll_send(watch->run->channel, &message, -1);
}

/* Reaps all that can be reaped and reports what happened to the workload itself. 0, or what wait4(2) said. */
static int reap(struct watch *watch)
{
	for (;;) {
		int32_t status = 0;
		const long pid = raw_call4(__NR_wait4, -1, raw_ptr(&status), LL_WNOHANG | LL_WUNTRACED, 0);

		watch->empty = pid == -LL_ECHILD;
		if (pid <= 0)
			return watch->empty || pid == -LL_EINTR ? 0 : (int)pid;
		if (pid == watch->pid)
			report(watch, status);
	}
}

/* Carries out one command of the supervisor's. False when it is gone. */
static bool serve(struct ll_run *run)
{
	struct ll_message command;
	struct ll_message reply;
	int32_t fd = -1;
	int reply_fd = -1;
	const int ret = ll_take(run->channel, LL_MSG_DONTWAIT, &command, &fd);

	if (ret == -LL_EAGAIN || ret == -LL_EINTR)
		return true;
	if (ret <= 0 || command.kind != LL_MESSAGE_COMMAND)
		return false;
	reply = ll_hand(&run->state, &command, fd, &reply_fd);
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	ll_send(run->channel, &reply, reply_fd);
	if (reply_fd >= 0)
		raw_call1(__NR_close, reply_fd);
	return true;
}

/*
 * Until the workload ended (with linger: until the last of its descendants did) or the supervisor is gone. 0, or -errno
 * where the run can't be watched: nothing of it is left then, as without a supervisor.
 */
static int watch_run(struct ll_run *run, long workload_pid, bool executed, int sigchld_fd)
{
	struct watch watch = { .run = run, .pid = workload_pid };
	struct ll_pollfd fds[2] = {
		{ .fd = run->channel, .events = LL_POLLIN },
		{ .fd = sigchld_fd, .events = LL_POLLIN },
	};
	char info[128]; /* struct signalfd_siginfo */
	int32_t status;
	int ret;

	if (!executed && raw_call4(__NR_wait4, workload_pid, raw_ptr(&status), LL_WALL, 0) == workload_pid)
		report(&watch, status);
	for (;;) {
		ret = reap(&watch);
		if (ret == 0 && watch.pid == 0 && (watch.empty || !(run->launch_flags & LL_LAUNCH_LINGER)))
			break;
		fds[0].revents = fds[1].revents = 0;
		if (ret == 0)
			ret = (int)raw_call5(__NR_ppoll, raw_ptr(fds), 2, 0, 0, 0);
		if ((ret < 0 && ret != -LL_EINTR) || (fds[0].revents != 0 && !serve(run))) {
			ll_kill_all(run, watch.pid);
			return ret < 0 ? ret : 0;
		}
		if (fds[1].revents != 0)
			raw_call3(__NR_read, sigchld_fd, raw_ptr(info), sizeof(info));
	}
	if (watch.empty) {
		const struct ll_message message = { .kind = LL_MESSAGE_EMPTY };

		ll_send(run->channel, &message, -1);
	}
	return 0;
}

/*
 * One fd for the channel, nothing else of the supervisor's: other runs'
 * channels in this table would hide the supervisor's end from their keepers.
 */
static int take_channel(struct ll_run *run)
{
	long ret = 0;

	if (run->channel != CHANNEL_FD)
		ret = raw_call3(__NR_dup3, run->channel, CHANNEL_FD, LL_O_CLOEXEC);
	if (ret < 0)
		return (int)ret;
	run->channel = CHANNEL_FD;
	run->state.channel = CHANNEL_FD;
	ret = raw_call3(__NR_close_range, CHANNEL_FD + 1, (long)~0U, 0);
	if (ret == 0)
		ll_open_watch(run);
	return (int)ret;
}

/* Beneath where sources are, a keeper whose workload runs needs no fd after this one. */
static int last_kept(const struct ll_run *run)
{
	if (run->warden_pid > 0)
		return LL_WARDEN_FD;
	return run->plan.header->namespaces != 0 ? LL_CHILDREN_FD : CHANNEL_FD;
}

int ll_keeper(void *argument)
{
	struct ll_run *run = argument;
	struct ll_message started = { .kind = LL_MESSAGE_STARTED };
	const struct ll_sigaction by_default = { .handler = 0 };
	const uint32_t fork = ll_plan_fork(&run->plan);
	int32_t pidfd = -1;
	long pid;
	long sigchld_fd;
	bool executed;
	int ret = take_channel(run);

	/* Where the caller ignores SIGCHLD, children vanish without a status and nothing would wake us. */
	if (ret == 0)
		ret = (int)raw_call4(__NR_rt_sigaction, LL_SIGCHLD, raw_ptr(&by_default), 0, sizeof(by_default.mask));
	if (ret == 0)
		ret = (int)raw_call5(__NR_prctl, LL_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (ret < 0)
		return fail(run, LL_STAGE_KEEPER, -1, ret);
	ret = ll_apply(&run->state, 0, fork);
	if (ret < 0)
		return fail(run, run->plan.ops[run->state.failed_op].kind, run->state.failed_op, ret);
	run->encloses =
		(run->plan.header->namespaces & LL_CLONE_NEWPID) || (!ll_hand_needed(&run->plan) && ll_enclose(run));
	/* All are blocked here. */
	raw_call2(__NR_rt_sigpending, raw_ptr(&run->pending), sizeof(run->pending));
	/* Without an exit signal until it is executed (execve(2) sets it): the warden gets the same, and keeps it. */
	pid = ll_clone(LL_CLONE_VM | LL_CLONE_VFORK | LL_CLONE_PIDFD, run->workload_stack, &pidfd, workload, run);
	if (pid < 0)
		return fail(run, LL_STAGE_CLONE, -1, (int)pid);
	if (run->failure.errno != 0) {
		raw_call4(__NR_wait4, pid, 0, LL_WALL, 0);
		ll_dismiss_warden(run);
		return fail(run, run->failure.stage, run->failure.op, -run->failure.errno);
	}
	executed = was_executed(pid);
	/* Not yet reaped, however short it was. */
	started.pid = run->plan.header->namespaces & LL_CLONE_NEWPID ? ll_first_child() : (int32_t)pid;
	ll_send(run->channel, &started, pidfd);
	/* Whoever reads the workload's output must see its end when the workload's own copy is closed. */
	raw_call3(__NR_close_range, 0, CHANNEL_FD - 1, 0);
	raw_call3(__NR_close_range, last_kept(run) + 1, LL_SOURCE_FD_MIN - 1, 0);
	ll_keep_watch(run);
	/* A working directory on a mount of the workload's would keep it busy. */
	if (ll_hand_needed(&run->plan))
		raw_call1(__NR_chdir, raw_ptr("/"));
	sigchld_fd = raw_call4(__NR_signalfd4, -1, raw_ptr(&sigchld_mask), sizeof(sigchld_mask), LL_O_CLOEXEC);
	if (sigchld_fd < 0) {
		ll_kill_all(run, pid);
		return fail(run, LL_STAGE_KEEPER, -1, (int)sigchld_fd);
	}
	ret = watch_run(run, pid, executed, (int)sigchld_fd);
	ll_dismiss_warden(run);
	return ret < 0 ? fail(run, LL_STAGE_KEEPER, -1, ret) : 0;
}
