#include "front/receivers.h"

#include "base/clone.h"
#include "base/raw.h"
#include "broker/listener.h"
#include "front/file.h"
#include "front/handoff.h"
#include "front/slow.h"

enum { STACK_SIZE = 16 * 1024, MOMENT_NS = 50000 };

/* What the epoll of a receiver tells of. */
enum { MOUNTS, SWEEP };

_Static_assert((int)LL_RECEIVERS_MAX <= (int)LL_MAX_ASKS, "what they leave fits into the handoff");

/* What one of them has for itself. */
struct ll_receiver {
	struct ll_sieve sieve;
	int32_t pid;
	int32_t pidfd;
	int32_t parent;
	int32_t mounts; /* mountinfo: each fd of it tells of a change once */
	int32_t sweep;  /* a timer: what the sieve knows of folders is too old */
	int32_t watch;  /* an epoll of both, which is asked at each request: poll(2) takes twice as long */
	bool alone;
	struct ll_sieve_room room;
	char stack[STACK_SIZE] __attribute__((aligned(16)));
};

/* What can't be told may have happened. */
static bool happened(int32_t fd, int16_t event)
{
	struct ll_pollfd one = { .fd = fd, .events = event };
	const struct ll_timespec at_once = { 0 };

	const long ret = raw_call5(__NR_ppoll, raw_ptr(&one), 1, raw_ptr(&at_once), 0, 0);

	return ret < 0 || (one.revents & event);
}

/* Once: where nobody asks for anything, nothing wakes up for it. */
static bool wind_up(int32_t timer)
{
	const struct ll_itimerspec once = { .value = { .nanoseconds = LL_SIEVE_LIFETIME_MS * 1000000 } };

	return raw_call4(__NR_timerfd_settime, timer, 0, raw_ptr(&once), 0) == 0;
}

/* The sieve of a receiver then needs no clock, which it would have to ask at each request. */
static bool sweep_folders(struct ll_receiver *own)
{
	for (int i = 0; i < LL_SIEVE_FOLDERS; i++)
		own->room.folders[i].until_ms = 0;
	/* Set anew, it is no longer due. */
	return wind_up(own->sweep);
}

/* What can't be told may have happened. */
static bool mounts_changed(struct ll_receiver *own)
{
	struct ll_epoll_event events[2];
	const long count = raw_call6(__NR_epoll_pwait, own->watch, raw_ptr(events), 2, 0, 0, 8);
	bool changed = count < 0;

	for (long i = 0; i < count; i++)
		changed |= events[i].data != SWEEP || !sweep_folders(own);
	return changed;
}

static bool watch(int32_t epoll, int32_t fd, uint32_t events, uint32_t data)
{
	struct ll_epoll_event event = { .events = events, .data = data };

	return raw_call4(__NR_epoll_ctl, epoll, LL_EPOLL_CTL_ADD, fd, raw_ptr(&event)) == 0;
}

/* Whether there is more to receive. What was mounted before a request came is looked at before its path is. */
static bool serve(struct ll_receiver *own)
{
	struct ll_notif *request = (struct ll_notif *)(void *)own->sieve.request;

	/* ENOENT: its caller is gone. Or all are, since Linux 6.11. */
	if (ll_sieve_fetch(&own->sieve) < 0)
		return !happened(own->sieve.listener, LL_POLLHUP);
	if (mounts_changed(own) || ll_sieve_answer(&own->sieve) != 0)
		return false;
	request->id = 0;
	return own->alone ? own->sieve.heat < LL_HEAT_HOT : own->sieve.heat > 0;
}

static int run_receiver(void *argument)
{
	struct ll_receiver *own = argument;

	if (raw_call5(__NR_prctl, LL_PR_SET_PDEATHSIG, LL_SIGKILL, 0, 0, 0) == 0 &&
	    raw_call0(__NR_getppid) == own->parent)
		while (serve(own))
			;
	return 0;
}

static void prepare(struct ll_receiver *own, const struct ll_sieve *sieve, bool alone)
{
	own->sieve = *sieve;
	own->alone = alone;
	/* Several are as fast as they are in one step only. */
	if (!alone && sieve->steps != 0)
		own->sieve.steps = 1;
	ll_sieve_use(&own->sieve, &own->room);
	own->parent = (int32_t)raw_call0(__NR_getpid);
	own->mounts = ll_front_mounts();
	own->watch = (int32_t)raw_call1(__NR_epoll_create1, LL_O_CLOEXEC);
	own->sweep = (int32_t)raw_call2(__NR_timerfd_create, LL_CLOCK_MONOTONIC, LL_O_CLOEXEC | LL_O_NONBLOCK);
	own->sieve.swept = 1;
	*(struct ll_notif *)(void *)own->sieve.request = (struct ll_notif){ 0 };
}

static bool start(struct ll_receiver *own)
{
	const long pid =
		ll_clone_blocked(LL_CLONE_VM | LL_CLONE_PIDFD, own->stack + STACK_SIZE, &own->pidfd, run_receiver, own);

	own->pid = pid > 0 ? (int32_t)pid : 0;
	return pid > 0;
}

/* Whether it has ended; waits for that without WNOHANG. */
static bool has_ended(const struct ll_receiver *each, int options, int32_t *ret_status)
{
	long ret;

	do
		ret = raw_call4(__NR_wait4, each->pid, raw_ptr(ret_status), LL_WALL | options, 0);
	while (ret == -LL_EINTR);
	return ret == each->pid;
}

/*
 * Not while it hands a file over: that ends by itself, for the caller either
 * takes the file or is killed. False for one that somebody else has killed.
 */
static bool stop(struct ll_receiver *each)
{
	const struct ll_timespec moment = { .nanoseconds = MOMENT_NS };
	int32_t status = 0;

	for (;;) {
		const bool stopped = ll_handing_stop(&each->sieve.handing);

		if (has_ended(each, LL_WNOHANG, &status))
			return status == 0;
		if (stopped)
			break;
		raw_call5(__NR_ppoll, 0, 0, raw_ptr(&moment), 0, 0);
	}
	raw_call2(__NR_kill, each->pid, LL_SIGKILL);
	has_ended(each, 0, &status);
	return true;
}

static bool start_all(struct ll_receivers *receivers, const struct ll_sieve *sieve)
{
	for (uint32_t i = 0; i < receivers->count; i++) {
		struct ll_receiver *own = &receivers->each[i];

		/* What is mounted from here on, it is told of. */
		prepare(own, sieve, receivers->count == 1);
		if (own->mounts < 0 || ll_front_any_slow(own->mounts) ||
		    !watch(own->watch, own->mounts, LL_POLLPRI, MOUNTS) ||
		    !watch(own->watch, own->sweep, LL_POLLIN, SWEEP) || !sweep_folders(own) || !start(own) ||
		    !watch(receivers->ended, own->pidfd, LL_POLLIN, 0))
			return false;
	}
	return true;
}

bool ll_receivers_start(struct ll_receivers *ret_receivers, const struct ll_sieve *sieve, uint32_t count)
{
	ret_receivers->killed = false;
	ret_receivers->count = count;
	ret_receivers->each = ll_front_map(count * sizeof(struct ll_receiver));
	if (ret_receivers->each == NULL)
		return false;
	ret_receivers->ended = (int32_t)raw_call1(__NR_epoll_create1, LL_O_CLOEXEC);
	for (uint32_t i = 0; i < count; i++)
		ret_receivers->each[i].mounts = ret_receivers->each[i].watch = ret_receivers->each[i].sweep = -1;
	return ret_receivers->ended >= 0 && start_all(ret_receivers, sieve);
}

static void close_all(const struct ll_receiver *each)
{
	const int32_t fds[] = { each->mounts, each->watch, each->sweep };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			raw_call1(__NR_close, fds[i]);
}

/*
 * A request is its receiver's from when the kernel has written it to the
 * moment its id is 0 again. One that is killed in between may have
 * passed it on: a second answer is ENOENT.
 */
uint32_t ll_receivers_stop(struct ll_receivers *receivers, struct ll_notif ret_requests[LL_RECEIVERS_MAX],
			   uint32_t *ret_heat)
{
	uint32_t count = 0;

	*ret_heat = 0;
	if (receivers->each == NULL)
		return 0;
	for (uint32_t i = 0; i < receivers->count; i++) {
		struct ll_receiver *each = &receivers->each[i];
		const struct ll_notif *request = (const struct ll_notif *)(const void *)each->sieve.request;

		close_all(each);
		if (each->pid == 0)
			continue;
		receivers->killed |= !stop(each);
		raw_call1(__NR_close, each->pidfd);
		if (each->sieve.heat > *ret_heat)
			*ret_heat = each->sieve.heat;
		if (request->id != 0)
			ret_requests[count++] = *request;
	}
	if (receivers->ended >= 0)
		raw_call1(__NR_close, receivers->ended);
	raw_call2(__NR_munmap, raw_ptr(receivers->each), receivers->count * sizeof(struct ll_receiver));
	receivers->each = NULL;
	return count;
}
