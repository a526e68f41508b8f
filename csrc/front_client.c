/*
 * The client of a daemon: src/daemon/client.ts, as far as nothing is to be
 * explained. It asks for a plan, starts and supervises its run, and hands the
 * daemon the seccomp listener.
 */
#include "front_file.h"
#include "front_frame.h"
#include "front_watch.h"
#include "raw.h"

enum { ANSWER_TIMEOUT_MS = 30000, GRACE_MS = 5000, NANOSECONDS_PER_MS = 1000000 };

struct client {
	int socket;
	struct ll_frame frame;
	bool brokered;
};

static int connect_to(const char *path)
{
	struct ll_sockaddr_un address = { .family = LL_AF_UNIX };
	size_t size = 0;
	long fd;

	for (; path[size] != '\0' && size < sizeof(address.path) - 1; size++)
		address.path[size] = path[size];
	if (path[size] != '\0' || path[0] == '@')
		return -LL_EINVAL;
	fd = raw_call3(__NR_socket, LL_AF_UNIX, LL_SOCK_SEQPACKET | LL_SOCK_CLOEXEC, 0);
	if (fd >= 0 && raw_call3(__NR_connect, fd, raw_ptr(&address),
				 (long)(offsetof(struct ll_sockaddr_un, path) + size + 1)) < 0) {
		raw_call1(__NR_close, fd);
		return -LL_EINVAL;
	}
	return (int)fd;
}

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
static bool greeted(struct client *client)
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

static bool ask(struct client *client, const struct ll_stack *stack, const struct ll_request *request,
		const struct ll_bytes *policy, const char *file)
{
	struct ll_frame *frame = &client->frame;
	struct ll_folders folders;
	uint32_t argc = 0;
	int fd = -1;
	bool ok;

	if (!ll_front_folders(policy, file, &folders))
		return false;
	while (request->command[argc] != NULL)
		argc++;
	ll_frame_begin(frame, LL_FRAME_RUN);
	if (file[0] == '\0') {
		ll_frame_texts(frame, LL_TAG_POLICY_FILE, "built-in:", request->policy_name);
	} else {
		ll_frame_text(frame, LL_TAG_POLICY_FILE, file);
		fd = seal_policy(policy);
		if (fd < 0)
			return false;
	}
	ll_frame_text(frame, LL_TAG_POLICY_NAME, request->policy_name);
	ll_frame_text(frame, LL_TAG_JOB_ID, ll_front_variable(stack, "LANDLOCKD_JOB_ID"));
	ll_frame_u32(frame, LL_TAG_ARGC, argc);
	add_variables(frame, stack, request, &folders);
	ok = ll_frame_send(client->socket, frame, fd);
	if (fd >= 0)
		raw_call1(__NR_close, fd);
	return ok;
}

/* By pread: the file's offset is shared with every other client. The mapping is one byte longer, as ll_front_free has
 * it.
 */
static bool read_plan(int fd, struct ll_bytes *ret_plan)
{
	struct ll_statx status;
	void *to;

	if (ll_front_status(fd, "", LL_AT_EMPTY_PATH, &status) != 0 || status.size == 0 || status.size > LL_MAX_PLAN)
		return false;
	to = ll_front_map(status.size + 1);
	if (to == NULL)
		return false;
	*ret_plan = (struct ll_bytes){ .data = to, .size = status.size };
	if (raw_call4(__NR_pread64, fd, raw_ptr(to), (long)status.size, 0) == (long)status.size)
		return true;
	ll_front_free(ret_plan);
	return false;
}

/* The plan, in memory of our own: nobody changes it after it was checked. */
static bool take_plan(struct client *client, struct ll_bytes *ret_plan)
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

/* Tells the daemon; one that doesn't listen any more is noticed when it hangs up. */
static void tell(struct client *client, enum ll_frame_kind kind, enum ll_frame_tag tag, uint32_t value, int fd)
{
	ll_frame_begin(&client->frame, kind);
	if (kind != LL_FRAME_LISTENER)
		ll_frame_u32(&client->frame, tag, value);
	ll_frame_send(client->socket, &client->frame, fd);
}

/* The daemon says something in the middle of a run: it can only be its end. */
static _Noreturn void end_with_daemon(struct client *client, struct ll_watch *watch)
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

static int64_t now_ms(void)
{
	struct ll_timespec now = { 0 };

	raw_call2(__NR_clock_gettime, LL_CLOCK_MONOTONIC, raw_ptr(&now));
	return now.seconds * 1000 + now.nanoseconds / NANOSECONDS_PER_MS;
}

/* What the workload left behind goes on for a while, with its broker. */
static void linger(struct client *client, struct ll_watch *watch)
{
	const int64_t end = now_ms() + GRACE_MS;
	struct ll_message message;
	int32_t fd;

	for (int64_t left = GRACE_MS; left > 0; left = end - now_ms()) {
		const enum ll_watch_event event = ll_watch_wait(watch, client->socket, left, &message, &fd);

		if (event != LL_WATCH_MESSAGE || message.kind == LL_MESSAGE_EMPTY)
			return;
		if (fd >= 0)
			raw_call1(__NR_close, fd);
	}
}

/* To the workload's end: its wait status; or -1 where it didn't run. */
static int32_t follow(struct client *client, struct ll_watch *watch)
{
	struct ll_message message;
	bool started = false;
	int32_t fd;

	for (;;) {
		switch (ll_watch_wait(watch, client->socket, -1, &message, &fd)) {
		case LL_WATCH_HELPER:
			end_with_daemon(client, watch);
		case LL_WATCH_GONE:
			return started ? LL_SIGKILL : -1; /* a keeper that was killed takes its workload along */
		case LL_WATCH_MESSAGE:
		case LL_WATCH_TIMEOUT:
		default:
			break;
		}
		if (message.kind == LL_MESSAGE_LISTENER)
			tell(client, LL_FRAME_LISTENER, LL_TAG_PID, 0, fd);
		if (fd >= 0)
			raw_call1(__NR_close, fd);
		if (message.kind == LL_MESSAGE_FAILED)
			return -1;
		if (message.kind == LL_MESSAGE_STARTED) {
			started = true;
			tell(client, LL_FRAME_STARTED, LL_TAG_PID, (uint32_t)message.pid, -1);
		}
		if (message.kind == LL_MESSAGE_EXITED)
			return message.status;
	}
}

/* Returns only where the command wasn't executed. */
static void run_plan(struct client *client, const struct ll_start *start, const struct ll_exec *exec,
		     const struct ll_bytes *plan)
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
		ll_watch_restore(&watch, start);
		return;
	}
	tell(client, LL_FRAME_ENDED, LL_TAG_STATUS, (uint32_t)status, -1);
	ll_watch_exit(status);
}

static bool wants_namespaces(const struct ll_bytes *plan)
{
	return plan->size < sizeof(struct ll_header) ||
	       ((const struct ll_header *)(const void *)plan->data)->namespaces != 0;
}

void ll_front_client(const struct ll_stack *stack, const struct ll_start *start, const struct ll_request *request,
		     const struct ll_bytes *policy, const char *file)
{
	struct client client = { .socket = connect_to(request->socket) };
	struct ll_exec exec = ll_front_exec(stack, start, request);
	struct ll_bytes plan;
	char **candidates;

	if (client.socket < 0)
		return;
	client.frame.bytes = ll_front_map(LL_FRAME_MAX);
	if (client.frame.bytes != NULL && is_own(client.socket) && greeted(&client) &&
	    ask(&client, stack, request, policy, file) && take_plan(&client, &plan)) {
		if (ll_front_candidates(stack, request->command[0], !wants_namespaces(&plan), &candidates)) {
			exec.candidates = candidates;
			run_plan(&client, start, &exec, &plan);
		}
		ll_front_free(&plan);
	}
	raw_call1(__NR_close, client.socket);
}
