#include "run/channel.h"

#include "audit/audit.h"
#include "base/file.h"
#include "base/raw.h"
#include "run/keeper.h"
#include "run/signals.h"
#include "run/supervisor.h"

enum { GRACE_MS = 5000 }; /* how long descendants that outlive a workload are served */

static void tell(struct ll_supervisor *own, uint32_t event)
{
	own->untold |= UINT32_C(1) << event;
}

static void on_started(struct ll_supervisor *own, const struct ll_message *message)
{
	const struct ll_run *run = (const struct ll_run *)(uintptr_t)own->run;

	own->pid = message->pid;
	ll_signals_pass_unsent(own);
	if (own->audit != 0)
		ll_audit_start((struct ll_audit *)(uintptr_t)own->audit, &run->plan, own->keeper_pid, own->pid,
			       run->exec.argv[0]);
	tell(own, LL_EVENT_STARTED);
}

/* The workload's end, of which only the first word counts. */
static void on_exited(struct ll_supervisor *own, int32_t status)
{
	if (own->status < 0)
		own->status = status;
	own->grace_end_ms = (uint64_t)ll_now_ms() + GRACE_MS;
}

static void on_failed(struct ll_supervisor *own, const struct ll_message *message)
{
	own->gone = 1;
	/* A keeper that can't go on kills its workload first. An end that was told before is true all the same. */
	if (own->pid != 0) {
		if (own->status < 0) {
			own->failed_errno = message->errno;
			tell(own, LL_EVENT_BROKEN);
		}
		on_exited(own, LL_SIGKILL);
		return;
	}
	own->failed_stage = message->stage;
	own->failed_op = message->op;
	own->failed_errno = message->errno;
	tell(own, LL_EVENT_FAILED);
}

/* A keeper that leaves without a word was killed, and its workload, if it ran already, died with it. */
static void on_gone(struct ll_supervisor *own)
{
	own->gone = 1;
	on_exited(own, LL_SIGKILL);
}

/* Takes over an fd that came along. */
static void on_message(struct ll_supervisor *own, const struct ll_message *message, int32_t fd)
{
	int32_t *place = NULL;

	if (message->kind == LL_MESSAGE_LISTENER)
		place = &own->listener;
	if (message->kind == LL_MESSAGE_STARTED)
		place = &own->pidfd;
	if (place != NULL && *place < 0)
		*place = fd;
	else if (fd >= 0)
		raw_call1(__NR_close, fd);
	switch (message->kind) {
	case LL_MESSAGE_LISTENER:
		tell(own, LL_EVENT_LISTENER);
		break;
	case LL_MESSAGE_STARTED:
		on_started(own, message);
		break;
	case LL_MESSAGE_STOPPED:
		ll_signals_stop_along(message->status);
		break;
	case LL_MESSAGE_EXITED:
		on_exited(own, message->status);
		break;
	case LL_MESSAGE_EMPTY:
		own->empty = 1;
		break;
	case LL_MESSAGE_FAILED:
		on_failed(own, message);
		break;
	default:
		break;
	}
}

void ll_channel_take(struct ll_supervisor *own)
{
	struct ll_message message;
	int32_t fd;
	const int taken = ll_take(own->channel, LL_MSG_DONTWAIT, &message, &fd);

	if (taken == 1)
		on_message(own, &message, fd);
	else if (taken != -LL_EAGAIN && taken != -LL_EINTR)
		on_gone(own);
}

int32_t ll_supervisor_command(struct ll_supervisor *own, struct ll_message *command, int32_t fd, int32_t *ret_fd)
{
	struct ll_message message;
	int ret = own->gone ? -LL_EPERM : ll_send(own->channel, command, fd);

	*ret_fd = -1;
	while (ret >= 0) {
		ret = ll_take(own->channel, 0, &message, ret_fd);
		if (ret == -LL_EINTR) {
			ret = 0;
		} else if (ret == 1 && message.kind == LL_MESSAGE_DONE) {
			*command = message;
			return 0;
		} else if (ret == 1) {
			on_message(own, &message, *ret_fd);
		} else {
			on_gone(own);
			ret = -LL_EPERM;
		}
	}
	*ret_fd = -1;
	return -LL_EPERM;
}
