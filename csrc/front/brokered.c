/*
 * A run with a broker: the workload starts at once, and Bun only when
 * somebody asks for something that may be on the broker's lists. Until then
 * this process supervises, and passes on all else; then it becomes Bun, which
 * goes on with the run: src/run/resume.ts.
 */
#include "base/raw.h"
#include "broker/listener.h"
#include "front/audit.h"
#include "front/beside.h"
#include "front/file.h"
#include "front/pin.h"
#include "front/receivers.h"
#include "front/sieve.h"
#include "front/slow.h"
#include "front/watch.h"

/* How far a run got in the front. */
enum progress { NOT_STARTED, OVER, ASKS };

/* PASSED_MIN: a run that opens less has no use for a receiver. */
enum { PASSED_MIN = 32 };

struct brokered {
	struct ll_watch watch;
	struct ll_record record;
	const struct ll_plan *plan;
	struct ll_handoff *handoff;
	struct ll_sieve *sieve;
	struct ll_receivers receivers;
	int32_t mounts; /* our mountinfo; -1 */
	struct ll_privileges privileges;
	const char *argv0;
	int64_t end_ms; /* of the grace that descendants have, once the workload ended */
	bool audited;
	bool empty;        /* nobody of the run is left */
	bool no_receivers; /* they couldn't be started; it is tried again when mounts change */
};

static void on_started(struct brokered *run, int pid)
{
	run->handoff->pid = pid;
	ll_front_harden(&run->privileges);
	if (run->audited)
		ll_record_start(&run->record, run->plan, run->watch.spawned.keeper_pid, pid, run->argv0);
}

/* False for the last message of a run that never was. */
static bool on_message(struct brokered *run, const struct ll_message *message, int32_t fd)
{
	switch (message->kind) {
	case LL_MESSAGE_LISTENER:
		run->handoff->listener = fd;
		ll_front_sieve_listen(run->sieve, fd);
		return true;
	case LL_MESSAGE_STARTED:
		on_started(run, message->pid);
		break;
	case LL_MESSAGE_EXITED:
		run->handoff->status = message->status;
		run->end_ms = ll_front_now_ms() + LL_GRACE_MS;
		break;
	case LL_MESSAGE_EMPTY:
		run->empty = true;
		break;
	default:
		break;
	}
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return message->kind != LL_MESSAGE_FAILED;
}

static void note_mounts(struct brokered *run)
{
	if (!run->watch.mounts_changed)
		return;
	run->watch.mounts_changed = false;
	run->no_receivers = false;
	ll_front_sieve_care(run->sieve, ll_front_any_slow(run->mounts));
}

static void leave_to_bun(struct brokered *run)
{
	struct ll_handoff *handoff = run->handoff;

	__builtin_memcpy(handoff->requests[handoff->asks++], run->sieve->request, LL_NOTIF_SIZE);
}

/* What the receivers leave to us: some of it is for Bun, but what a receiver didn't look at isn't always. */
static bool collect(struct brokered *run)
{
	struct ll_notif requests[LL_RECEIVERS_MAX];
	const uint32_t count = ll_receivers_stop(&run->receivers, requests, &run->sieve->heat);

	note_mounts(run);
	for (uint32_t i = 0; i < count; i++) {
		*(struct ll_notif *)(void *)run->sieve->request = requests[i];
		if (ll_sieve_answer(run->sieve) != 0)
			leave_to_bun(run);
	}
	return run->handoff->asks > 0 && !run->receivers.killed;
}

/* As many as are best. Whether there is something for Bun where they can't be started. */
static bool start_receivers(struct brokered *run)
{
	const bool hot = run->sieve->heat >= LL_HEAT_HOT;

	/* Were one of them killed, that would have to be on record. */
	if (run->no_receivers || run->audited || (!hot && run->sieve->passed < PASSED_MIN))
		return false;
	run->no_receivers = !ll_receivers_start(&run->receivers, run->sieve, hot ? LL_RECEIVERS_MAX : 1);
	return run->no_receivers && collect(run);
}

/* Whether somebody asks for what is Bun's to answer. A listener that nobody can ask any more is closed. */
static bool is_asked(struct brokered *run)
{
	struct ll_handoff *handoff = run->handoff;

	if (run->receivers.each != NULL)
		return collect(run);
	if (!(run->watch.helper_events & LL_POLLIN)) {
		if (!(run->watch.helper_events & LL_POLLHUP))
			return false;
		raw_call1(__NR_close, handoff->listener);
		handoff->listener = -1;
		return false;
	}
	note_mounts(run);
	if (ll_sieve_receive(run->sieve) == 1) {
		leave_to_bun(run);
		return true;
	}
	return start_receivers(run);
}

/* What somebody may ask by; -1 before the workload runs. */
static int32_t asked_by(const struct brokered *run)
{
	if (run->receivers.each != NULL)
		return run->receivers.ended;
	return run->handoff->pid > 0 ? run->handoff->listener : -1;
}

/* To the run's end, or to the first call that takes more than this. */
static enum progress follow(struct brokered *run)
{
	struct ll_handoff *handoff = run->handoff;

	for (;;) {
		const bool ended = handoff->status >= 0;
		const int64_t left = ended ? run->end_ms - ll_front_now_ms() : -1;
		struct ll_message message;
		int32_t fd;

		if (run->empty || (ended && left <= 0) || run->receivers.killed)
			return OVER;
		switch (ll_watch_wait(&run->watch, asked_by(run), left, &message, &fd)) {
		case LL_WATCH_MESSAGE:
			if (on_message(run, &message, fd))
				break;
			if (handoff->pid == 0)
				return NOT_STARTED;
			handoff->status = LL_SIGKILL; /* a keeper that can't go on kills its workload first */
			return OVER;
		case LL_WATCH_HELPER:
			if (is_asked(run))
				return ASKS;
			break;
		case LL_WATCH_GONE:
			/* A keeper that leaves without a word was killed, and its workload, if it ran already, too. */
			if (!ended)
				handoff->status = LL_SIGKILL;
			return OVER;
		case LL_WATCH_TIMEOUT:
		default:
			return OVER;
		}
	}
}

static _Noreturn void end(struct brokered *run)
{
	const int32_t status = run->handoff->status;
	struct ll_notif unanswered[LL_RECEIVERS_MAX];
	uint32_t heat;

	ll_receivers_stop(&run->receivers, unanswered, &heat);
	ll_watch_end(&run->watch);
	/* Never with --audit: then there are none. */
	if (run->receivers.killed)
		ll_front_say("the broker failed, and the run was ended: ", "a process of landlockd's was killed");
	if (run->audited)
		ll_record_end(&run->record, run->handoff->pid, status);
	ll_watch_exit(status);
}

/* Signals that nobody has read yet stay pending until Bun catches them. */
static void hand_over(struct brokered *run, const struct ll_bytes *plan)
{
	struct ll_handoff *handoff = run->handoff;
	const struct ll_sink *sink = &run->record.sink;
	const int64_t left = handoff->status >= 0 ? run->end_ms - ll_front_now_ms() : 0;

	raw_call1(__NR_close, run->watch.signals);
	raw_call1(__NR_close, run->mounts);
	ll_front_beside(run->sieve, handoff);
	ll_front_soften(&run->privileges);
	handoff->spawned = run->watch.spawned;
	handoff->plan = (uint64_t)(uintptr_t)plan->data;
	handoff->plan_size = plan->size;
	handoff->blocked = run->watch.mask_before;
	handoff->pidfd = run->watch.pidfd;
	handoff->grace_ms = (int32_t)(left > 0 ? left : 0);
	if (!run->audited)
		return;
	handoff->sink = sink->fd;
	handoff->sink_type = sink->type;
	handoff->waiting = (uint64_t)(uintptr_t)(sink->waiting.bytes + sink->taken);
	handoff->waiting_size = sink->waiting.size - sink->taken;
	handoff->lost = sink->lost;
	handoff->lost_errno = sink->error;
	for (size_t i = 0; i < sizeof(run->record.run_id); i++)
		handoff->run_id[i] = run->record.run_id[i];
}

/* Nothing has run, and nothing of it stays. */
static void give_back(struct brokered *run)
{
	if (run->handoff->listener >= 0)
		raw_call1(__NR_close, run->handoff->listener);
	if (run->audited)
		ll_record_close(&run->record);
	raw_call1(__NR_close, run->mounts);
	ll_front_unpin(run->handoff);
	raw_call2(__NR_munmap, raw_ptr(run->handoff), sizeof(*run->handoff));
}

const struct ll_handoff *ll_front_brokered(const struct ll_stack *stack, const struct ll_request *request,
					   const char *file, const struct ll_plan *plan, const struct ll_bytes *bytes,
					   const struct ll_exec *exec)
{
	struct brokered run = {
		.handoff = ll_front_map(sizeof(*run.handoff)), .plan = plan, .argv0 = request->command[0], .mounts = -1
	};
	enum progress progress;

	if (run.handoff == NULL)
		return NULL;
	*run.handoff = (struct ll_handoff){ .listener = -1, .status = -1, .sink = -1 };
	run.audited = request->audit != NULL && ll_record_open(stack, request, file, &run.record);
	if (request->audit != NULL && !run.audited) {
		give_back(&run);
		return NULL;
	}
	if (ll_front_pin(plan, run.handoff))
		run.sieve = ll_front_sieve(plan, run.handoff);
	if (run.sieve != NULL) {
		/* An open that is on record is Bun's, which writes the record. */
		run.sieve->steps = run.audited ? 0 : ll_handing_steps();
		run.mounts = ll_front_mounts();
		ll_front_sieve_care(run.sieve, ll_front_any_slow(run.mounts));
	}
	if (run.sieve == NULL || ll_watch_start(&run.watch, plan, exec, LL_LAUNCH_LINGER) < 0) {
		give_back(&run);
		return NULL;
	}
	run.watch.mounts = run.mounts;
	progress = follow(&run);
	if (progress == OVER)
		end(&run);
	if (progress == ASKS) {
		hand_over(&run, bytes);
		return run.handoff;
	}
	ll_watch_end(&run.watch);
	ll_watch_restore(&run.watch);
	give_back(&run);
	return NULL;
}
