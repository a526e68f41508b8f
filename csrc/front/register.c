/*
 * A daemon's register: where a run that needs nothing of the daemon says that
 * it is one. The plan is the user's own, from the plan store; one datagram,
 * sent when the run can't fail any more but in executing the command, makes
 * the daemon count it and watch for its end (docs/daemon.md). Nobody answers.
 */
#include "base/file.h"
#include "base/raw.h"
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

/* SOCKET.PLACE; false where that doesn't fit an address, or SOCKET isn't a path. */
static bool register_path(const char *socket, const uint8_t place[LL_SHA256_SIZE], struct ll_sockaddr_un *ret_address,
			  size_t *ret_size)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = 0;

	*ret_address = (struct ll_sockaddr_un){ .family = LL_AF_UNIX };
	while (socket[size] != '\0' && size + 1 + PLACE_DIGITS + 1 < sizeof(ret_address->path)) {
		ret_address->path[size] = socket[size];
		size++;
	}
	if (socket[size] != '\0' || socket[0] == '@')
		return false;
	ret_address->path[size++] = '.';
	for (int i = 0; i < PLACE_DIGITS; i++)
		ret_address->path[size++] = digits[place[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
	*ret_size = offsetof(struct ll_sockaddr_un, path) + size + 1;
	return true;
}

/* Connected to it, for datagrams; negative where it isn't there, or another user's. */
static int open_register(const char *socket, const uint8_t place[LL_SHA256_SIZE])
{
	struct ll_sockaddr_un address;
	struct ll_statx status;
	size_t size;
	long fd;

	if (!register_path(socket, place, &address, &size) ||
	    ll_stat_path(LL_AT_FDCWD, address.path, LL_AT_SYMLINK_NOFOLLOW, &status) != 0 ||
	    status.uid != (uint32_t)raw_call0(__NR_geteuid))
		return -LL_ENOENT;
	fd = raw_call3(__NR_socket, LL_AF_UNIX, LL_SOCK_DGRAM | LL_SOCK_CLOEXEC, 0);
	if (fd >= 0 && raw_call3(__NR_connect, fd, raw_ptr(&address), (long)size) < 0) {
		raw_call1(__NR_close, fd);
		return -LL_ENOENT;
	}
	return (int)fd;
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
static void enter(const struct ll_stack *stack, const struct ll_start *start, const struct ll_request *request,
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
		write_entry(&notice.frame, stack, request, file, key, entry->mac);
		ll_front_become(&plan, &exec, &notice);
	}
	raw_call1(__NR_close, notice.socket);
}

void ll_front_enter(const struct ll_stack *stack, const struct ll_start *start, const struct ll_request *request,
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
