/* A run that leaves a record: src/run/audited.ts, for a workload that needs nobody but a keeper. */
#include "front_audit.h"
#include "front_watch.h"
#include "raw.h"
#include "uapi.h"

/* A scope that the kernel lacks is an event of its own (run.degraded): Bun tells it. */
static bool has_scopes(void)
{
	return raw_call3(LL_NR_landlock_create_ruleset, 0, 0, LL_LANDLOCK_CREATE_RULESET_VERSION) >= LL_ABI_SCOPES;
}

/* The workload's wait status; -1 where it never ran. */
static int32_t watch_workload(struct ll_watch *watch, struct ll_sink *sink, const char *policy_file, const char *argv0,
			      int32_t *ret_pid)
{
	for (;;) {
		struct ll_message message;
		int32_t fd = -1;

		/* A keeper that leaves without a word was killed, and its workload died with it. */
		if (ll_watch_wait(watch, -1, -1, &message, &fd) == LL_WATCH_GONE)
			return *ret_pid > 0 ? LL_SIGKILL : -1;
		if (fd >= 0)
			raw_call1(__NR_close, fd);
		if (message.kind == LL_MESSAGE_FAILED)
			return -1;
		if (message.kind == LL_MESSAGE_EXITED)
			return message.status;
		if (message.kind == LL_MESSAGE_STARTED) {
			*ret_pid = message.pid;
			ll_front_event_start(sink, message.pid, policy_file, argv0);
		}
	}
}

bool ll_front_record_open(const struct ll_stack *stack, const struct ll_request *request, const char *file,
			  char ret_policy_file[LL_PATH_SIZE], struct ll_sink *ret_sink)
{
	const char *const parts[] = { file[0] == '\0' ? "built-in:" : "",
				      file[0] == '\0' ? request->policy_name : file };

	return has_scopes() && ll_front_join(ret_policy_file, parts, 2) &&
	       ll_front_sink_open(stack, request, ret_policy_file, ret_sink);
}

void ll_front_audited(const struct ll_stack *stack, const struct ll_start *start, const struct ll_request *request,
		      const char *file, const struct ll_bytes *plan, const struct ll_exec *exec)
{
	char policy_file[LL_PATH_SIZE];
	struct ll_watch watch;
	struct ll_sink sink;
	int32_t pid = -1;
	int32_t status;

	if (!ll_front_record_open(stack, request, file, policy_file, &sink))
		return;
	if (ll_watch_start(&watch, plan, exec, 0) < 0) {
		ll_front_sink_close(&sink);
		return;
	}
	status = watch_workload(&watch, &sink, policy_file, request->command[0], &pid);
	ll_watch_end(&watch);
	if (status >= 0) {
		ll_front_event_end(&sink, pid, status);
		if (sink.lost > 0)
			ll_front_tell_lost(sink.lost, sink.error);
		ll_watch_exit(status);
	}
	/* It couldn't be started: nothing has run, and Bun tells why. */
	ll_watch_restore(&watch, start);
	ll_front_sink_close(&sink);
}
