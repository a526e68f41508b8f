/*
 * The client of a daemon: src/daemon/client.ts, as far as nothing is to be
 * explained. It becomes a workload that needs nobody; any other it starts and
 * supervises, and hands the daemon the seccomp listener.
 */
#include "base/file.h"
#include "base/raw.h"
#include "front/ask.h"
#include "front/run.h"
#include "front/supervise.h"
#include "plan/plan.h"
#include "run/supervisor.h"

/* Tells the daemon; one that doesn't listen any more is noticed when it hangs up. */
static void tell(struct ll_client *client, enum ll_frame_kind kind, enum ll_frame_tag tag, uint32_t value, int fd)
{
	ll_frame_begin(&client->frame, kind);
	if (kind != LL_FRAME_LISTENER)
		ll_frame_u32(&client->frame, tag, value);
	ll_frame_send(client->socket, &client->frame, fd);
}

/* The daemon says something in the middle of a run: it can only be its end. */
static _Noreturn void end_with_daemon(struct ll_client *client, struct ll_supervisor *own)
{
	const uint8_t *message = NULL;
	char text[256];
	size_t size = 0;
	int32_t fd;

	ll_supervisor_end(own);
	if (ll_frame_receive(client->socket, 0, &client->frame, &fd))
		message = ll_frame_field(&client->frame, LL_TAG_MESSAGE, &size);
	if (message == NULL)
		ll_front_ended("the daemon went away, and the run was ended", "", 0);
	size = size < sizeof(text) ? size : sizeof(text) - 1;
	__builtin_memcpy(text, message, size);
	text[size] = '\0';
	ll_front_ended("the run was ended: ", text, 0);
}

/* The daemon's from here. */
static void give_listener(struct ll_client *client, struct ll_supervisor *own)
{
	tell(client, LL_FRAME_LISTENER, LL_TAG_PID, 0, own->listener);
	raw_call1(__NR_close, own->listener);
	own->listener = -1;
}

/* To the run's end: false where it couldn't be started. What a workload left behind goes on without a daemon, too. */
static bool follow(struct ll_client *client, struct ll_supervisor *own, const struct ll_plan *plan)
{
	for (;;) {
		switch (ll_supervisor_step(own, -1)) {
		case LL_EVENT_LISTENER:
			give_listener(client, own);
			break;
		case LL_EVENT_STARTED:
			ll_front_tell_notes(plan);
			tell(client, LL_FRAME_STARTED, LL_TAG_PID, (uint32_t)own->pid, -1);
			break;
		case LL_EVENT_DRIVER:
			if (own->status < 0)
				end_with_daemon(client, own);
			return true;
		case LL_EVENT_BROKEN:
			ll_supervisor_end(own);
			ll_front_ended("the run was ended, because it couldn't be watched", "", own->failed_errno);
		case LL_EVENT_FAILED:
			return false;
		case LL_EVENT_OVER:
			return true;
		default:
			break;
		}
	}
}

/* Returns only where the command wasn't executed. */
static void run_plan(struct ll_client *client, const struct ll_exec *exec, const struct ll_plan *plan)
{
	struct ll_supervisor own;

	ll_supervisor_init(&own);
	own.driver = client->socket;
	own.flags = client->brokered ? LL_LAUNCH_LINGER : 0;
	if (ll_front_start(&own, plan, exec) < 0)
		return;
	if (!follow(client, &own, plan)) {
		ll_front_undo(&own);
		return;
	}
	ll_supervisor_end(&own);
	tell(client, LL_FRAME_ENDED, LL_TAG_STATUS, (uint32_t)own.status, -1);
	ll_supervisor_exit(own.status);
}

/* Nobody stays for it: the daemon is told which process it is, and looks for its end itself. */
static void become(struct ll_client *client, const struct ll_exec *exec, const struct ll_plan *plan)
{
	struct ll_notice notice = { .socket = client->socket, .frame = client->frame };

	ll_frame_begin(&notice.frame, LL_FRAME_BECOMES);
	ll_front_become(plan, exec, &notice);
}

void ll_front_client(const struct ll_stack *stack, struct ll_start *start, const struct ll_request *request,
		     const struct ll_bytes *policy, const char *file)
{
	struct ll_client client;
	struct ll_exec exec;
	struct ll_bytes bytes;
	struct ll_plan plan;
	char **candidates;
	int32_t op;

	ll_front_enter(stack, start, request, policy, file);
	if (!ll_ask_daemon(&client, stack, start, request, policy, file, &bytes))
		return;
	if (ll_plan_check(bytes.data, bytes.size, &plan, &op) == 0 &&
	    ll_front_candidates(stack, request->command[0], plan.header->namespaces == 0, &candidates)) {
		ll_front_warn(start, request, file, &plan);
		exec = ll_front_exec(stack, start, request);
		exec.candidates = candidates;
		if (ll_front_is_plain(&plan))
			become(&client, &exec, &plan);
		else
			run_plan(&client, &exec, &plan);
	}
	ll_free_bytes(&bytes);
	raw_call1(__NR_close, client.socket);
}
