/*
 * A run that needs nobody but a keeper, and somebody to stay for it: one in a
 * PID namespace, or one that leaves a record. src/run/supervise.ts and
 * src/run/audited.ts without JavaScript.
 */
#include "base/raw.h"
#include "base/uapi.h"
#include "front/audit.h"
#include "front/watch.h"

/* What is told of a run while it goes on. */
struct told {
	struct ll_record *record; /* or NULL */
	const struct ll_plan *plan;
	const char *argv0;
	int pid; /* of the workload; 0 before it runs, -1 where it can't be told */
};

static void tell_start(struct told *told, const struct ll_watch *watch, const struct ll_message *started)
{
	if (told->record == NULL)
		return;
	told->pid = started->pid;
	ll_record_start(told->record, told->plan, watch->spawned.keeper_pid, told->pid, told->argv0);
}

/* The workload's wait status; -1 where the keeper says that it couldn't be started. */
static int32_t watch_workload(struct ll_watch *watch, struct told *told)
{
	bool started = false;

	for (;;) {
		struct ll_message message;
		int32_t fd = -1;

		/* A keeper that leaves without a word was killed, and its workload, if it ran already, died with it. */
		if (ll_watch_wait(watch, -1, -1, &message, &fd) == LL_WATCH_GONE)
			return LL_SIGKILL;
		if (fd >= 0)
			raw_call1(__NR_close, fd);
		if (message.kind == LL_MESSAGE_FAILED) /* a keeper that can't go on kills its workload first */
			return started ? LL_SIGKILL : -1;
		if (message.kind == LL_MESSAGE_EXITED)
			return message.status;
		if (message.kind == LL_MESSAGE_STARTED) {
			started = true;
			tell_start(told, watch, &message);
		}
	}
}

void ll_front_supervised(const struct ll_stack *stack, const struct ll_request *request, const char *file,
			 const struct ll_plan *plan, const struct ll_exec *exec)
{
	const bool contained = (plan->header->namespaces & LL_CLONE_NEWPID) != 0;
	struct told told = { .plan = plan, .argv0 = request->command[0] };
	struct ll_record record;
	struct ll_watch watch;
	int32_t status;

	if (request->audit != NULL) {
		if (!ll_record_open(stack, request, file, &record))
			return;
		told.record = &record;
	}
	if (ll_watch_start(&watch, plan, exec, 0) == 0) {
		status = watch_workload(&watch, &told);
		/* A PID namespace is over with its keeper, and what is told of a run's end is told after that. Any
		 * other keeper has nobody to take along, and ends meanwhile. */
		if (contained)
			ll_watch_end(&watch);
		if (status >= 0 && told.record != NULL)
			ll_record_end(&record, told.pid, status);
		if (!contained)
			ll_watch_end(&watch);
		if (status >= 0)
			ll_watch_exit(status);
		/* It couldn't be started: nothing has run, and Bun tells why. */
		ll_watch_restore(&watch);
	}
	if (told.record != NULL)
		ll_record_close(&record);
}
