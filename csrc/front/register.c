/*
 * A daemon's register: where a run that needs nothing of the daemon says that
 * it is one. The plan is the user's own, from the plan store; one datagram,
 * sent when the run can't fail any more but in executing the command, makes
 * the daemon count it and watch for its end (docs/daemon.md). Nobody answers.
 */
#include "base/file.h"
#include "base/raw.h"
#include "front/connect.h"
#include "front/frame.h"
#include "front/run.h"
#include "plan/plan.h"

enum { PLACE_DIGITS = 16 };

/* A register is for runs that the daemon would take: it can't ask who makes an entry, and refuses a sandbox. */
static bool is_free(void)
{
	return raw_call5(__NR_prctl, LL_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 &&
	       raw_call5(__NR_prctl, LL_PR_GET_SECCOMP, 0, 0, 0, 0) == 0;
}

/* Connected to SOCKET.PLACE, for datagrams: nothing would tell afterwards whose it is. Negative where it isn't there,
 * or another user's. */
static int open_register(const char *socket, const uint8_t place[LL_SHA256_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char path[LL_PATH_SIZE];
	char name[PLACE_DIGITS + 1] = { 0 };
	const char *const parts[] = { socket, ".", name };

	for (int i = 0; i < PLACE_DIGITS; i++)
		name[i] = digits[place[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
	if (socket[0] == '@' || !ll_join(path, parts, 3))
		return -LL_ENOENT;
	return ll_front_connect(path, LL_SOCK_DGRAM, false);
}

bool ll_front_is_plain(const struct ll_plan *plan)
{
	return !ll_plan_is_brokered(plan) && plan->header->namespaces == 0;
}

static void write_entry(struct ll_frame *frame, const struct ll_stack *stack, const struct ll_request *request,
			const char *file, const uint8_t key[LL_SHA256_SIZE], const uint8_t mac[LL_SHA256_SIZE])
{
	ll_frame_begin(frame, LL_FRAME_BECOMES);
	ll_frame_job(frame, stack, request, file);
	ll_frame_digest(frame, LL_TAG_KEY, key);
	ll_frame_digest(frame, LL_TAG_MAC, mac);
}

/* Returns where the command wasn't executed, with nothing changed. */
static void enter(const struct ll_stack *stack, struct ll_start *start, const struct ll_request *request,
		  const char *file, const struct ll_bytes *bytes, const uint8_t key[LL_SHA256_SIZE],
		  const struct ll_entry *entry)
{
	struct ll_exec exec = ll_front_exec(stack, start, request);
	struct ll_notice notice;
	struct ll_plan plan;
	char **candidates;
	int32_t op;

	if (ll_plan_check(bytes->data, bytes->size, &plan, &op) < 0 || !ll_front_is_plain(&plan) ||
	    !ll_front_candidates(stack, request->command[0], true, &candidates))
		return;
	exec.candidates = candidates;
	notice.frame.bytes = ll_map_memory(LL_FRAME_MAX);
	notice.socket = open_register(request->socket, entry->place);
	if (notice.socket < 0)
		return;
	if (notice.frame.bytes != NULL) {
		ll_front_warn(start, request, file, &plan);
		write_entry(&notice.frame, stack, request, file, key, entry->mac);
		ll_front_become(&plan, &exec, &notice);
	}
	raw_call1(__NR_close, notice.socket);
}

void ll_front_enter(const struct ll_stack *stack, struct ll_start *start, const struct ll_request *request,
		    const struct ll_bytes *policy, const char *file)
{
	struct ll_folders folders;
	struct ll_entry entry;
	struct ll_bytes stored;
	uint8_t key[LL_SHA256_SIZE];

	if (!is_free() || !ll_front_folders(policy, file, &folders) ||
	    !ll_front_key(stack, request, policy, &folders, start->build, key) ||
	    !ll_front_entered_plan(stack, key, start->build, &stored, &entry))
		return;
	const struct ll_bytes bytes = { .data = stored.data + sizeof(struct ll_stored),
					.size = stored.size - sizeof(struct ll_stored) };

	enter(stack, start, request, file, &bytes, key, &entry);
	ll_free_bytes(&stored);
}
