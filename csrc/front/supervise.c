/*
 * What the front does with the events of a run (run/supervisor.h). With a
 * broker, the workload starts at once, and Bun only when somebody asks for
 * something that may be on the broker's lists: until then this process passes
 * on all else, and then it becomes Bun, which takes the supervisor over.
 */
#include "front/supervise.h"

#include "base/file.h"
#include "base/raw.h"
#include "front/audit.h"
#include "front/beside.h"
#include "front/pin.h"
#include "front/run.h"
#include "front/sieve.h"
#include "front/slow.h"
#include "plan/plan.h"
#include "run/signals.h"
#include "run/supervisor.h"

/* What a run with a broker needs before anybody asks. */
struct lists {
	struct ll_pin *pins;
	struct ll_sieve *sieve;
	struct ll_privileges privileges;
};

int ll_front_start(struct ll_supervisor *own, const struct ll_plan *plan, const struct ll_exec *exec)
{
	struct ll_exec changed = *exec;
	/* Before there is a workload: a signal that comes as soon as it runs is meant for it. */
	int ret = ll_signals_take(own);

	changed.changed = ll_signals_changed();
	changed.ignored = own->ignored_before;
	changed.blocked = own->mask_before;
	if (ret == 0)
		ret = ll_supervisor_start(own, plan, &changed);
	if (ret < 0)
		ll_front_undo(own);
	return ret;
}

void ll_front_undo(struct ll_supervisor *own)
{
	ll_supervisor_end(own);
	ll_supervisor_release(own);
	if (own->signals >= 0)
		raw_call1(__NR_close, own->signals);
	ll_signals_restore(own);
}

/* Pins what the lists name, and makes a sieve of them. False where Bun has to. */
static bool open_lists(const struct ll_plan *plan, struct ll_supervisor *own, struct lists *ret_lists)
{
	ret_lists->pins = ll_map_memory(LL_MAX_PINS * sizeof(struct ll_pin));
	if (ret_lists->pins == NULL || !ll_front_pin(plan, ret_lists->pins, &own->pin_count))
		return false;
	ret_lists->sieve = ll_front_sieve(plan, ret_lists->pins, own->pin_count);
	own->pins = (uint64_t)(uintptr_t)ret_lists->pins;
	own->mounts = ll_open_mounts();
	if (ret_lists->sieve == NULL)
		return false;
	ll_front_sieve_care(ret_lists->sieve, ll_any_slow(own->mounts));
	return true;
}

static void close_lists(struct ll_supervisor *own, const struct lists *lists)
{
	if (own->listener >= 0)
		raw_call1(__NR_close, own->listener);
	if (own->mounts >= 0)
		raw_call1(__NR_close, own->mounts);
	ll_front_unpin(lists->pins, own->pin_count);
}

/* Nobody asks by it any more. */
static void desert(struct ll_supervisor *own)
{
	raw_call1(__NR_close, own->listener);
	own->listener = -1;
}

/* Steps to what ends it: OVER, FAILED, BROKEN; or ASKED. */
static int32_t follow(struct ll_supervisor *own, const struct ll_plan *plan, struct lists *lists)
{
	for (;;) {
		const int32_t event = ll_supervisor_step(own, -1);

		switch (event) {
		case LL_EVENT_LISTENER:
			ll_front_sieve_listen(lists->sieve, own->listener);
			own->sieve = (uint64_t)(uintptr_t)lists->sieve;
			break;
		case LL_EVENT_STARTED:
			ll_front_tell_notes(plan);
			if (lists->sieve != NULL)
				ll_front_harden(&lists->privileges);
			break;
		case LL_EVENT_MOUNTS:
			ll_front_sieve_care(lists->sieve, ll_any_slow(own->mounts));
			break;
		case LL_EVENT_DESERTED:
			desert(own);
			break;
		case LL_EVENT_TURN:
			break;
		default:
			return event;
		}
	}
}

/*
 * Where there is something to take along, what is told of a run's end is told
 * after that; any other keeper ends meanwhile.
 */
static _Noreturn void end(struct ll_supervisor *own, const struct ll_plan *plan, bool broken)
{
	const bool ends_others = (plan->header->namespaces & LL_CLONE_NEWPID) || own->flags & LL_LAUNCH_LINGER;
	struct ll_audit *audit = (struct ll_audit *)(uintptr_t)own->audit;

	if (ends_others || broken)
		ll_supervisor_end(own);
	if (broken)
		ll_front_ended("the run was ended, because it couldn't be watched", "", own->failed_errno);
	if (audit != NULL) {
		ll_audit_end(audit, own->pid, own->status);
		ll_front_end_audit(audit);
	}
	if (!ends_others)
		ll_supervisor_end(own);
	ll_supervisor_exit(own->status);
}

/* Signals that nobody has read yet stay pending until Bun catches them. */
static void hand_over(struct ll_supervisor *own, const struct lists *lists)
{
	raw_call1(__NR_close, own->signals);
	raw_call1(__NR_close, own->mounts);
	own->signals = own->mounts = -1;
	ll_front_beside(lists->sieve, own);
	ll_front_soften(&lists->privileges);
}

const struct ll_supervisor *ll_front_supervise(const struct ll_stack *stack, const struct ll_request *request,
					       const char *file, const struct ll_plan *plan, const struct ll_exec *exec,
					       struct ll_supervisor *ret_own)
{
	const bool brokered = ll_plan_is_brokered(plan);
	struct ll_audit *audit = request->audit == NULL ? NULL : ll_front_audit(stack, request, file);
	struct lists lists = { 0 };

	if (request->audit != NULL && audit == NULL)
		return NULL;
	ll_supervisor_init(ret_own);
	ret_own->audit = (uint64_t)(uintptr_t)audit;
	ret_own->flags = brokered ? LL_LAUNCH_LINGER : 0;
	if ((!brokered || open_lists(plan, ret_own, &lists)) && ll_front_start(ret_own, plan, exec) == 0) {
		const int32_t event = follow(ret_own, plan, &lists);

		if (event == LL_EVENT_ASKED) {
			hand_over(ret_own, &lists);
			return ret_own;
		}
		if (event != LL_EVENT_FAILED)
			end(ret_own, plan, event == LL_EVENT_BROKEN);
		/* It couldn't be started: nothing has run, and Bun tells why. */
		ll_front_undo(ret_own);
	}
	if (brokered)
		close_lists(ret_own, &lists);
	if (audit != NULL)
		ll_audit_give_back(audit);
	return NULL;
}
