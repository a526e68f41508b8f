/* A client's request for a plan: the front's half of docs/protocol.md up to the start of the run. */
#include "front/ask.h"

#include "base/file.h"
#include "base/raw.h"
#include "front/connect.h"
#include "front/run.h"

enum { ANSWER_TIMEOUT_MS = 30000 };

/* Plans come from whoever listens there: it must be this user's, or root's. */
static bool is_own(int socket)
{
	struct ll_ucred peer;
	uint32_t size = sizeof(peer);

	return raw_call5(__NR_getsockopt, socket, LL_SOL_SOCKET, LL_SO_PEERCRED, raw_ptr(&peer), raw_ptr(&size)) == 0 &&
	       (peer.uid == (uint32_t)raw_call0(__NR_geteuid) || peer.uid == 0);
}

static uint32_t u32_field(const struct ll_frame *frame, enum ll_frame_tag tag)
{
	size_t size = 0;
	const uint8_t *value = ll_frame_field(frame, tag, &size);
	uint32_t number = 0;

	if (value != NULL && size == sizeof(number))
		__builtin_memcpy(&number, value, sizeof(number));
	return number;
}

/* A daemon whose plans have our format, and that takes policies from its clients. */
static bool greeted(struct ll_client *client)
{
	static const uint32_t digest[8] = LL_LAYOUT_DIGEST;
	const uint8_t *layout;
	size_t size = 0;
	int32_t fd;

	if (!ll_frame_receive(client->socket, ANSWER_TIMEOUT_MS, &client->frame, &fd) ||
	    ll_frame_kind(&client->frame) != LL_FRAME_HELLO)
		return false;
	layout = ll_frame_field(&client->frame, LL_TAG_LAYOUT, &size);
	if (layout == NULL || size != sizeof(digest) ||
	    (u32_field(&client->frame, LL_TAG_FLAGS) & LL_HELLO_NAMED_ONLY) != 0)
		return false;
	for (size_t i = 0; i < sizeof(digest); i++)
		if (layout[i] != ((const uint8_t *)digest)[i])
			return false;
	return true;
}

/* The policy as a sealed memfd; -errno. */
static int seal_policy(const struct ll_bytes *policy)
{
	const long fd =
		raw_call2(__NR_memfd_create, raw_ptr("landlockd-policy"), LL_MFD_CLOEXEC | LL_MFD_ALLOW_SEALING);

	if (fd < 0)
		return (int)fd;
	if (raw_call3(__NR_write, fd, raw_ptr(policy->data), (long)policy->size) == (long)policy->size &&
	    raw_call3(__NR_fcntl, fd, LL_F_ADD_SEALS, LL_ALL_SEALS) == 0)
		return (int)fd;
	raw_call1(__NR_close, fd);
	return -LL_ENOMEM;
}

static void add_variables(struct ll_frame *frame, const struct ll_stack *stack, const struct ll_request *request,
			  const struct ll_folders *folders)
{
	ll_frame_text(frame, LL_TAG_POLICY_DIR, folders->policy);
	ll_frame_text(frame, LL_TAG_CWD, folders->cwd);
	ll_frame_text(frame, LL_TAG_HOME, ll_front_variable(stack, "HOME"));
	ll_frame_text(frame, LL_TAG_TMPDIR, ll_front_variable(stack, "TMPDIR"));
	ll_frame_u32(frame, LL_TAG_UID, (uint32_t)raw_call0(__NR_getuid));
	for (size_t i = 0; i < request->setting_count; i++)
		ll_frame_text(frame, LL_TAG_SET, request->settings[i]);
}

static bool ask(struct ll_client *client, const struct ll_stack *stack, const struct ll_request *request,
		const struct ll_bytes *policy, const struct ll_folders *folders, const char *file)
{
	struct ll_frame *frame = &client->frame;
	const int fd = file[0] == '\0' ? -1 : seal_policy(policy);
	bool ok;

	if (file[0] != '\0' && fd < 0)
		return false;
	ll_frame_begin(frame, LL_FRAME_RUN);
	ll_frame_job(frame, stack, request, file);
	ll_frame_text(frame, LL_TAG_POLICY_NAME, request->policy_name);
	add_variables(frame, stack, request, folders);
	ok = ll_frame_send(client->socket, frame, fd);
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return ok;
}

/* By pread: the file's offset is shared with every other client. The mapping is one byte longer, as ll_free_bytes has
 * it.
 */
static bool read_plan(int fd, struct ll_bytes *ret_plan)
{
	struct ll_statx status;
	void *to;

	if (ll_stat_path(fd, "", LL_AT_EMPTY_PATH, &status) != 0 || status.size == 0 || status.size > LL_MAX_PLAN)
		return false;
	to = ll_map_memory(status.size + 1);
	if (to == NULL)
		return false;
	*ret_plan = (struct ll_bytes){ .data = to, .size = status.size };
	if (raw_call4(__NR_pread64, fd, raw_ptr(to), (long)status.size, 0) == (long)status.size)
		return true;
	ll_free_bytes(ret_plan);
	return false;
}

/* The plan, in memory of our own: nobody changes it after it was checked. */
static bool take_plan(struct ll_client *client, struct ll_bytes *ret_plan)
{
	int32_t fd;
	bool ok;

	if (!ll_frame_receive(client->socket, ANSWER_TIMEOUT_MS, &client->frame, &fd))
		return false;
	ok = fd >= 0 && ll_frame_kind(&client->frame) == LL_FRAME_PLAN && read_plan(fd, ret_plan);
	client->brokered = (u32_field(&client->frame, LL_TAG_FLAGS) & LL_PLAN_BROKERED) != 0;
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return ok;
}

/*
 * Whoever listens there may be a workload that came to write the socket's
 * folder: what counts is that a landlockd of this user's made the plan, for
 * this very request.
 */
static bool is_proven(const struct ll_client *client, const struct ll_stack *stack, const uint8_t key[LL_SHA256_SIZE],
		      struct ll_bytes *plan)
{
	size_t size = 0;
	const uint8_t *mac = ll_frame_field(&client->frame, LL_TAG_MAC, &size);

	if (mac != NULL && size == LL_SHA256_SIZE && ll_front_proves(stack, key, plan, mac))
		return true;
	ll_free_bytes(plan);
	return false;
}

bool ll_ask_daemon(struct ll_client *ret_client, const struct ll_stack *stack, const struct ll_start *start,
		   const struct ll_request *request, const struct ll_bytes *policy, const char *file,
		   struct ll_bytes *ret_plan)
{
	struct ll_folders folders;
	uint8_t key[LL_SHA256_SIZE];
	struct ll_client client = { .socket = -1 };

	/* An abstract name is anybody's. */
	if (request->socket[0] != '@')
		client.socket = ll_front_connect(request->socket, LL_SOCK_SEQPACKET, true);
	if (client.socket < 0)
		return false;
	client.frame.bytes = ll_map_memory(LL_FRAME_MAX);
	if (client.frame.bytes == NULL || !ll_front_folders(policy, file, &folders) ||
	    !ll_front_key(stack, request, policy, &folders, start->build, key) || !is_own(client.socket) ||
	    !greeted(&client) || !ask(&client, stack, request, policy, &folders, file) ||
	    !take_plan(&client, ret_plan) || !is_proven(&client, stack, key, ret_plan)) {
		raw_call1(__NR_close, client.socket);
		return false;
	}
	*ret_client = client;
	return true;
}
