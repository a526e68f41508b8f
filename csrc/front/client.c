/*
 * The client of a daemon: src/daemon/client.ts, as far as nothing is to be
 * explained. It becomes a workload that needs nobody; any other it starts and
 * supervises, and hands the daemon the seccomp listener.
 */
#include "base/raw.h"
#include "front/ask.h"
#include "front/file.h"
#include "front/watch.h"
#include "plan/plan.h"

/* Tells the daemon; one that doesn't listen any more is noticed when it hangs up. */
static void tell(struct ll_client *client, enum ll_frame_kind kind, enum ll_frame_tag tag, uint32_t value, int fd)
{
	ll_frame_begin(&client->frame, kind);
	if (kind != LL_FRAME_LISTENER)
		ll_frame_u32(&client->frame, tag, value);
	ll_frame_send(client->socket, &client->frame, fd);
}

/* The daemon says something in the middle of a run: it can only be its end. */
static _Noreturn void end_with_daemon(struct ll_client *client, struct ll_watch *watch)
{
	const uint8_t *message = NULL;
	char text[256];
	size_t size = 0;
	int32_t fd;

	ll_watch_end(watch);
	if (ll_frame_receive(client->socket, 0, &client->frame, &fd))
		message = ll_frame_field(&client->frame, LL_TAG_MESSAGE, &size);
	if (message == NULL)
		ll_front_say("the daemon went away, and the run was ended", "");
	size = size < sizeof(text) ? size : sizeof(text) - 1;
	__builtin_memcpy(text, message, size);
	text[size] = '\0';
	ll_front_say("the run was ended: ", text);
}

/* What the workload left behind goes on for a while, with its broker. */
static void linger(struct ll_client *client, struct ll_watch *watch)
{
	const int64_t end = ll_front_now_ms() + LL_GRACE_MS;
	struct ll_message message;
	int32_t fd;

	for (int64_t left = LL_GRACE_MS; left > 0; left = end - ll_front_now_ms()) {
		const enum ll_watch_event event = ll_watch_wait(watch, client->socket, left, &message, &fd);

		if (event != LL_WATCH_MESSAGE || message.kind == LL_MESSAGE_EMPTY)
			return;
		if (fd >= 0)
			raw_call1(__NR_close, fd);
	}
}

/* To the workload's end: its wait status; or -1 where the keeper says that it couldn't be started. */
static int32_t follow(struct ll_client *client, struct ll_watch *watch)
{
	struct ll_message message;
	bool started = false;
	int32_t fd;

	for (;;) {
		switch (ll_watch_wait(watch, client->socket, -1, &message, &fd)) {
		case LL_WATCH_HELPER:
			end_with_daemon(client, watch);
		case LL_WATCH_GONE:
			return LL_SIGKILL; /* a keeper that was killed takes its workload along, if it ran already */
		case LL_WATCH_MESSAGE:
		case LL_WATCH_TIMEOUT:
		default:
			break;
		}
		if (message.kind == LL_MESSAGE_LISTENER)
			tell(client, LL_FRAME_LISTENER, LL_TAG_PID, 0, fd);
		if (fd >= 0)
			raw_call1(__NR_close, fd);
		if (message.kind == LL_MESSAGE_FAILED) /* a keeper that can't go on kills its workload first */
			return started ? LL_SIGKILL : -1;
		if (message.kind == LL_MESSAGE_STARTED) {
			started = true;
			tell(client, LL_FRAME_STARTED, LL_TAG_PID, (uint32_t)message.pid, -1);
		}
		if (message.kind == LL_MESSAGE_EXITED)
			return message.status;
	}
}

/* Returns only where the command wasn't executed. */
static void run_plan(struct ll_client *client, const struct ll_exec *exec, const struct ll_plan *plan)
{
	struct ll_watch watch;
	int32_t status;

	if (ll_watch_start(&watch, plan, exec, client->brokered ? LL_LAUNCH_LINGER : 0) < 0)
		return;
	status = follow(client, &watch);
	if (status >= 0 && client->brokered)
		linger(client, &watch);
	ll_watch_end(&watch);
	if (status < 0) {
		ll_watch_restore(&watch);
		return;
	}
	tell(client, LL_FRAME_ENDED, LL_TAG_STATUS, (uint32_t)status, -1);
	ll_watch_exit(status);
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
		exec = ll_front_exec(stack, start, request);
		exec.candidates = candidates;
		if (ll_front_is_plain(&plan))
			become(&client, &exec, &plan);
		else
			run_plan(&client, &exec, &plan);
	}
	ll_front_free(&bytes);
	raw_call1(__NR_close, client.socket);
}
