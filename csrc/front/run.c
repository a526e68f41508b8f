#include "front/run.h"

#include "audit/text.h"
#include "base/file.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "front/frame.h"
#include "front/room.h"
#include "front/supervise.h"
#include "plan/apply.h"
#include "plan/plan.h"

enum { STATUS_FAILED = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/* Whether a plan has anything for a broker, which a plan file can't bring along. */
static bool wants_broker(const struct ll_plan *plan)
{
	for (uint32_t i = 0; i < plan->header->op_count; i++) {
		switch (plan->ops[i].kind) {
		case LL_OP_ALLOW_TMPFS:
		case LL_OP_ALLOW_BIND:
		case LL_OP_ALLOW_OBJECT:
		case LL_OP_ALLOW_ATTACH:
		case LL_OP_LISTED:
			return true;
		default:
			break;
		}
	}
	return ll_plan_is_brokered(plan);
}

/* Bun puts them on record, and knows whether a plan file goes without what this host has. */
static bool has_notes(const struct ll_plan *plan)
{
	for (uint32_t i = 0; i < ll_plan_fork(plan); i++)
		if (plan->ops[i].kind == LL_OP_NOTE)
			return true;
	return false;
}

/* A PID namespace needs an init that stays. */
static bool needs_init(const struct ll_plan *plan)
{
	return (plan->header->namespaces & LL_CLONE_NEWPID) != 0;
}

static bool is_folder(const struct ll_statx *status)
{
	return (status->mode & LL_S_IFMT) == LL_S_IFDIR;
}

/* What is at the path of an op, as the op will open it: ELOOP for a link that it won't follow. 0 or -errno. */
static int look_at(const struct ll_plan *plan, const struct ll_op *op, struct ll_statx *ret_status)
{
	const char *path = plan->data + op->text_offset;
	int fd;
	int ret;

	if (op->c == 0)
		return ll_stat_path(LL_AT_FDCWD, path, 0, ret_status);
	fd = ll_open_plain(LL_AT_FDCWD, path, LL_O_PATH);
	if (fd < 0)
		return fd;
	ret = ll_stat_path(fd, "", LL_AT_EMPTY_PATH, ret_status);
	raw_call1(__NR_close, fd);
	return ret;
}

/* Whether what a bind shows, and where, are both folders or both not. */
static bool binds_alike(const struct ll_plan *plan, const struct ll_op *bind, const struct ll_statx *target)
{
	const char *path = plan->data + ll_plan_source(plan, bind->a)->text_offset;
	struct ll_statx source;

	return ll_stat_path(LL_AT_FDCWD, path, 0, &source) == 0 && is_folder(&source) == is_folder(target);
}

/*
 * Whether what the mounts of a plan need is there. Who mounts in namespaces of his own can't go on to Bun after that,
 * and Bun knows the place in the policy: so this looks for what goes wrong with mounts that once worked.
 */
static bool can_mount(const struct ll_plan *plan)
{
	for (int fd = 0; fd < 3; fd++) {
		struct ll_statx status;

		if (ll_stat_path(fd, "", LL_AT_EMPTY_PATH, &status) == 0 && is_folder(&status))
			return false;
	}
	for (uint32_t i = 0; i < ll_plan_fork(plan); i++) {
		const struct ll_op *op = &plan->ops[i];
		struct ll_statx status;

		if (op->text_size == 0 || op->kind == LL_OP_NOTE || op->kind == LL_OP_WRITES)
			continue;
		if (op->kind == LL_OP_RULE_PATH && op->flags & LL_FLAG_RULE_PATH_OPTIONAL) {
			if (op->c != 0 && look_at(plan, op, &status) == -LL_ELOOP)
				return false;
			continue;
		}
		if (look_at(plan, op, &status) != 0)
			return false;
		if (op->kind == LL_OP_BIND && !binds_alike(plan, op, &status))
			return false;
		if ((op->kind == LL_OP_TMPFS || op->kind == LL_OP_ROOT) && !is_folder(&status))
			return false;
	}
	return true;
}

/* The first op that can't be taken back. */
static uint32_t first_lasting(const struct ll_plan *plan)
{
	uint32_t i = ll_plan_fork(plan);

	while (plan->ops[i].kind != LL_OP_DROP_CAPS)
		i++;
	return i;
}

/* The path that an op is about, or what it is of. */
static const char *subject_of(const struct ll_plan *plan, int32_t number)
{
	const struct ll_op *op = &plan->ops[number];

	return op->text_size > 0 && op->kind != LL_OP_FILTER ? plan->data + op->text_offset : "the compiled plan";
}

/* From here on a failure is told by the front: this process is restricted, and Bun in it would be too. */
static _Noreturn void become(struct ll_state *state, uint32_t from)
{
	const struct ll_plan *plan = state->plan;
	int ret;

	ll_front_tell_notes(plan);
	ret = ll_apply(state, from, plan->header->op_count);

	if (ret < 0)
		ll_front_fail_setup(subject_of(plan, state->failed_op), -ret);
	ret = ll_exec(state->exec);
	ll_front_fail_exec(state->exec->argv[0], -ret, ret == -LL_ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* The front may have to tell that this couldn't be executed. */
static bool is_tellable(const char *name)
{
	return ll_text_size(name) < LL_PATH_SIZE && ll_text_is_utf8(name);
}

/* Whatever goes wrong before a lasting op goes wrong for Bun too, and Bun knows the place in the policy. */
void ll_front_become(const struct ll_plan *plan, const struct ll_exec *exec, const struct ll_notice *notice)
{
	const uint32_t lasting = first_lasting(plan);
	struct ll_state state = {
		.plan = plan,
		.exec = exec,
		.channel = -1,
		.uid = (uint32_t)raw_call0(__NR_geteuid),
		.gid = (uint32_t)raw_call0(__NR_getegid),
	};

	if (!is_tellable(exec->argv[0]))
		return;
	if (plan->header->namespaces != 0) {
		if (can_mount(plan) && raw_call1(__NR_unshare, (long)plan->header->namespaces) == 0)
			become(&state, 0);
		return;
	}
	if (ll_apply(&state, 0, lasting) == 0 && (notice == NULL || ll_frame_send(notice->socket, &notice->frame, -1)))
		become(&state, lasting);
	for (uint32_t i = 0; i < state.ruleset_count; i++)
		raw_call1(__NR_close, state.rulesets[i]);
}

/* The plan in file behind skip bytes. NULL, or the run that Bun is to go on with. */
static const struct ll_supervisor *run_stored(const struct ll_stack *stack, struct ll_start *start,
					      const struct ll_request *request, const char *policy_file,
					      const struct ll_bytes *file, size_t skip, struct ll_supervisor *ret_own)
{
	const struct ll_bytes bytes = { .data = file->data + skip, .size = file->size - skip };
	struct ll_exec exec;
	struct ll_plan plan;
	char **candidates;
	int32_t op;
	bool brokered;
	bool stays;
	struct ll_lack lack;

	if (ll_plan_check(bytes.data, bytes.size, &plan, &op) < 0 || (request->plan != NULL && wants_broker(&plan)) ||
	    (has_notes(&plan) && (request->plan != NULL || request->audit != NULL)) ||
	    !ll_front_candidates(stack, request->command[0], plan.header->namespaces == 0, &candidates))
		return NULL;
	ll_front_warn(start, request, policy_file, &plan);
	brokered = ll_plan_is_brokered(&plan);
	stays = brokered || needs_init(&plan) || request->audit != NULL;
	/* Bun may go on with it, when signals aren't any more what they were: where it couldn't, nothing is to run. */
	if (brokered && (ll_front_record_rest(start) < 0 || !ll_front_is_within(start, &lack)))
		return NULL;
	exec = ll_front_exec(stack, start, request);
	exec.candidates = candidates;
	if (brokered && plan.header->namespaces != 0)
		return NULL;
	if (stays)
		return ll_front_supervise(stack, request, policy_file, &plan, &exec, ret_own);
	ll_front_become(&plan, &exec, NULL);
	return NULL;
}

static void run_plan_file(const struct ll_stack *stack, struct ll_start *start, const struct ll_request *request,
			  const struct ll_link *link)
{
	struct ll_supervisor own;
	struct ll_bytes file;

	if (!ll_front_plan_file(request->plan, link->build, &file))
		return;
	run_stored(stack, start, request, request->plan, &file, sizeof(struct ll_plan_file), &own);
	ll_free_bytes(&file);
}

const struct ll_supervisor *ll_front_run(const struct ll_stack *stack, struct ll_start *start,
					 const struct ll_link *link, struct ll_supervisor *ret_own)
{
	struct ll_request request;
	struct ll_bytes policy;
	struct ll_bytes file;
	char path[LL_PATH_SIZE];
	struct ll_folders folders;
	uint8_t key[LL_SHA256_SIZE];
	const struct ll_supervisor *own = NULL;

	/* A record of a run that a daemon holds has the daemon's events in it too. */
	if (!ll_front_request(stack, &request) || (request.socket != NULL && request.audit != NULL) ||
	    ll_front_variable(stack, "LANDLOCKD_NO_FAST_PATH") != NULL)
		return NULL;
	if (request.plan != NULL) {
		run_plan_file(stack, start, &request, link);
		return NULL;
	}
	if (!ll_front_policy(stack, &request, &policy, path))
		return NULL;
	if (request.socket != NULL)
		ll_front_client(stack, start, &request, &policy, path);
	else if (ll_front_folders(&policy, path, &folders) &&
		 ll_front_key(stack, &request, &policy, &folders, link->build, key) &&
		 ll_front_plan(stack, key, &file)) {
		own = run_stored(stack, start, &request, path, &file, sizeof(struct ll_stored), ret_own);
		if (own == NULL)
			ll_free_bytes(&file);
	}
	ll_free_bytes(&policy);
	return own;
}
