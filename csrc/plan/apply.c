#include "plan/apply.h"

#include "base/raw.h"
#include "base/uapi.h"
#include "plan/caps.h"
#include "plan/mount.h"
#include "plan/open.h"

/* landlock_create_ruleset(2): EOPNOTSUPP off at boot, E2BIG or EINVAL unknown right, ENOMSG nothing handled, ENOSYS. */
static int op_ruleset(struct ll_state *state, const struct ll_op *op)
{
	const struct ll_ruleset_attr attr = {
		.handled_access_fs = op->a,
		.handled_access_net = op->b,
		.scoped = op->c,
	};
	/* Older kernels take no more of the struct than they know, so pass no more than is used. */
	const size_t size = attr.scoped ? sizeof(attr) : attr.handled_access_net ? 16 : 8;
	const long fd = raw_call3(LL_NR_landlock_create_ruleset, raw_ptr(&attr), (long)size, 0);

	if (fd < 0)
		return (int)fd;
	state->rulesets[state->ruleset_count++] = (int32_t)fd;
	state->scoped |= op->c;
	return 0;
}

/*
 * What there is has no room for a rule: nothing there, or nothing that this user or anyone can reach (somebody else's
 * home, links in a ring, a server that is gone), or no file of a file system (EBADFD: a pipe at /dev/stdout). A grant
 * that is left out is no access more. Not so where the policy is wrong (EINVAL) or means are short (ENOMEM, EMFILE).
 */
static bool is_missing(long ret)
{
	switch (ret) {
	case -LL_ENOENT:
	case -LL_ENOTDIR:
	case -LL_EACCES:
	case -LL_ELOOP:
	case -LL_ENAMETOOLONG:
	case -LL_ENXIO:
	case -LL_ENOTCONN:
	case -LL_ESTALE:
	case -LL_EBADFD:
		return true;
	default:
		return false;
	}
}

/*
 * landlock_add_rule(2): EINVAL folder rights on a file, ENOMSG empty access, EBADFD a pipe, a socket or the like.
 * The path is opened with O_PATH: no permission on the file itself is
 * needed, symlinks resolve, a FIFO or device isn't touched.
 */
static int op_rule_path(const struct ll_state *state, const struct ll_op *op)
{
	struct ll_path_beneath_attr attr = { .allowed_access = op->a };
	long ret = ll_open_path(state, op);

	if (ret >= 0) {
		attr.parent_fd = (int32_t)ret;
		ret = raw_call4(LL_NR_landlock_add_rule, state->rulesets[state->ruleset_count - 1],
				LL_LANDLOCK_RULE_PATH_BENEATH, raw_ptr(&attr), 0);
		raw_call1(__NR_close, attr.parent_fd);
	}
	/* A link that an earlier run may have made is nothing that is missing. */
	if (op->c != 0 && ret == -LL_ELOOP)
		return (int)ret;
	return (op->flags & LL_FLAG_RULE_PATH_OPTIONAL) && is_missing(ret) ? 0 : (int)ret;
}

static int op_cwd(const struct ll_state *state, const struct ll_op *op)
{
	long fd;
	long ret;

	if (op->c == 0)
		return (int)raw_call1(__NR_chdir, raw_ptr(state->plan->data + op->text_offset));
	fd = ll_open_path(state, op);
	if (fd < 0)
		return (int)fd;
	ret = raw_call1(__NR_fchdir, fd);
	raw_call1(__NR_close, fd);
	return (int)ret;
}

static int op_rule_port(const struct ll_state *state, const struct ll_op *op)
{
	const struct ll_net_port_attr attr = { .allowed_access = op->a, .port = op->b };

	return (int)raw_call4(LL_NR_landlock_add_rule, state->rulesets[state->ruleset_count - 1],
			      LL_LANDLOCK_RULE_NET_PORT, raw_ptr(&attr), 0);
}

int ll_restrict(int32_t ruleset, uint64_t flags)
{
	const uint64_t quiet = flags | LL_LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF;
	long ret = raw_call2(LL_NR_landlock_restrict_self, ruleset, (long)quiet);

	if (ret == -LL_EINVAL) /* before ABI 7, which logs nothing */
		ret = raw_call2(LL_NR_landlock_restrict_self, ruleset, (long)flags);
	return (int)ret;
}

/* E2BIG for a seventeenth layer. Rulesets are enforced in their order (plan.c). */
static int op_restrict(struct ll_state *state, const struct ll_op *op)
{
	int32_t *fd = &state->rulesets[op->a];
	int ret;

	if (op->a == 0)
		ll_take_witness(&state->witness, state->scoped);
	ret = ll_restrict(*fd, op->b);
	raw_call1(__NR_close, *fd);
	*fd = -1;
	if (ret == 0 && op->a == state->ruleset_count - 1)
		ret = ll_hear_witness(&state->witness);
	return ret;
}

/* Ignored stays ignored, all else is default: execve(2) resets only what is caught. */
static void restore_signals(const struct ll_exec *exec)
{
	for (int signal = 1; signal <= LL_SIGNALS; signal++) {
		const struct ll_sigaction action = { .handler = exec->ignored >> (signal - 1) & 1 };

		if (!(exec->changed & LL_SIGNAL_BIT(signal)))
			continue;
		/* EINVAL for SIGKILL and SIGSTOP, which can't be changed to begin with. */
		raw_call4(__NR_rt_sigaction, signal, raw_ptr(&action), 0, sizeof(action.mask));
	}
	raw_call4(__NR_rt_sigprocmask, LL_SIG_SETMASK, raw_ptr(&exec->blocked), 0, sizeof(exec->blocked));
}

/* Mask last: a signal that waited is delivered here, with the workload's own disposition. */
static int op_restore(const struct ll_state *state)
{
	const struct ll_exec *exec = state->exec;
	const struct ll_rlimit nofile = { .soft = exec->nofile_soft, .hard = exec->nofile_hard };
	long ret = exec->limited ? raw_call4(__NR_prlimit64, 0, LL_RLIMIT_NOFILE, raw_ptr(&nofile), 0) : 0;

	if (ret < 0)
		return (int)ret;
	for (int fd = 0; fd < 3; fd++) {
		if (exec->closed >> fd & 1)
			raw_call1(__NR_close, fd);
		else if (exec->limited && exec->stdio_flags[fd] != -1)
			raw_call3(__NR_fcntl, fd, LL_F_SETFL, exec->stdio_flags[fd]);
	}
	ret = raw_call3(__NR_close_range, 3, (long)~0U, LL_CLOSE_RANGE_CLOEXEC);
	if (ret < 0)
		return (int)ret;
	if (exec->changed != 0)
		restore_signals(exec);
	return 0;
}

/* seccomp(2). The listener is handed on and not kept: whoever holds it answers the workload's calls. */
static int op_filter(const struct ll_state *state, const struct ll_op *op)
{
	const struct ll_sock_fprog program = {
		.len = (uint16_t)(op->text_size / LL_SOCK_FILTER_SIZE),
		.filter = state->plan->data + op->text_offset,
	};
	const struct ll_message message = { .kind = LL_MESSAGE_LISTENER };
	long flags = 0;
	long ret;

	if (op->flags & LL_FLAG_FILTER_NOTIFY)
		flags |= LL_SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (op->flags & LL_FLAG_FILTER_WAIT_KILLABLE)
		flags |= LL_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	ret = raw_call3(__NR_seccomp, LL_SECCOMP_SET_MODE_FILTER, flags, raw_ptr(&program));
	/* Before Linux 5.19: a signal that is no kill interrupts a brokered call, and the program sees EINTR. */
	if (ret == -LL_EINVAL && (flags & LL_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)) {
		flags &= ~LL_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
		ret = raw_call3(__NR_seccomp, LL_SECCOMP_SET_MODE_FILTER, flags, raw_ptr(&program));
	}
	if (ret < 0)
		return (int)ret;
	if (!(op->flags & LL_FLAG_FILTER_NOTIFY))
		return ll_prove_filter();
	if (ll_prove_listener((int32_t)ret) < 0)
		return -LL_EPROTO;
	flags = ll_send(state->channel, &message, (int)ret);
	raw_call1(__NR_close, ret);
	return (int)flags;
}

static int apply_one(struct ll_state *state, const struct ll_op *op)
{
	switch (op->kind) {
	case LL_OP_RULESET:
		return op_ruleset(state, op);
	case LL_OP_RULE_PATH:
		return op_rule_path(state, op);
	case LL_OP_RULE_PORT:
		return op_rule_port(state, op);
	case LL_OP_FORK:
	case LL_OP_LISTED:
	case LL_OP_NOTE:
	case LL_OP_WRITES:
		return 0;
	case LL_OP_CWD:
		return op_cwd(state, op);
	case LL_OP_RESTORE:
		return op_restore(state);
	case LL_OP_DROP_CAPS:
		return ll_drop_caps();
	case LL_OP_NO_NEW_PRIVS:
		return (int)raw_call5(__NR_prctl, LL_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	case LL_OP_RESTRICT:
		return op_restrict(state, op);
	case LL_OP_FILTER:
		return op_filter(state, op);
	default:
		return ll_mount(state, op);
	}
}

int ll_apply(struct ll_state *state, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		const int ret = apply_one(state, &state->plan->ops[i]);

		if (ret < 0) {
			state->failed_op = (int32_t)i;
			return ret;
		}
	}
	return 0;
}

int ll_send(int channel, const struct ll_message *message, int fd)
{
	struct ll_cmsg_fd control = {
		.size = offsetof(struct ll_cmsg_fd, pad),
		.level = LL_SOL_SOCKET,
		.type = LL_SCM_RIGHTS,
		.fd = fd,
	};
	struct ll_iovec iov = { .base = message, .size = sizeof(*message) };
	struct ll_msghdr header = { .iov = &iov, .iov_count = 1 };
	long ret;

	if (fd >= 0) {
		header.control = &control;
		header.control_size = sizeof(control);
	}
	do
		ret = raw_call3(__NR_sendmsg, channel, raw_ptr(&header), LL_MSG_NOSIGNAL);
	while (ret == -LL_EINTR);
	return ret < 0 ? (int)ret : 0;
}

int ll_take(int channel, int flags, struct ll_message *ret_message, int32_t *ret_fd)
{
	struct ll_cmsg_fd control = { 0 };
	struct ll_iovec iov = { .base = ret_message, .size = sizeof(*ret_message) };
	struct ll_msghdr header = {
		.iov = &iov,
		.iov_count = 1,
		.control = &control,
		.control_size = sizeof(control),
	};
	const long ret = raw_call3(__NR_recvmsg, channel, raw_ptr(&header), flags | LL_MSG_CMSG_CLOEXEC);

	*ret_fd = ret > 0 && header.control_size >= offsetof(struct ll_cmsg_fd, pad) && control.type == LL_SCM_RIGHTS
			  ? control.fd
			  : -1;
	if (ret <= 0)
		return (int)ret;
	return ret == sizeof(*ret_message) ? 1 : -LL_EPROTO;
}
