#include "run/hands.h"

#include "base/raw.h"
#include "base/uapi.h"
#include "plan/mount.h"

enum { PATH_SIZE = 4096 };

/* Attributes that restrict; no command takes any away. */
static const uint64_t restrictions =
	LL_MOUNT_ATTR_RDONLY | LL_MOUNT_ATTR_NOSUID | LL_MOUNT_ATTR_NODEV | LL_MOUNT_ATTR_NOEXEC;

/* Paths from the plan, as they lead now: a symlink on the way would let the workload choose. */
static long open_target(const char *path, long flags)
{
	const struct ll_open_how how = {
		.flags = (uint64_t)(LL_O_PATH | LL_O_CLOEXEC | flags),
		.resolve = LL_RESOLVE_NO_SYMLINKS | LL_RESOLVE_NO_MAGICLINKS,
	};

	return raw_call4(LL_NR_openat2, LL_AT_FDCWD, raw_ptr(path), raw_ptr(&how), sizeof(how));
}

/* The id of the mount that a path leads to, or -errno. */
static int64_t mount_id(long fd, const char *path, long flags)
{
	struct ll_statx stat = { 0 };
	const long ret = raw_call5(__NR_statx, fd, raw_ptr(path), flags, LL_STATX_MNT_ID, raw_ptr(&stat));

	if (ret < 0)
		return ret;
	return stat.mask & LL_STATX_MNT_ID ? (int64_t)stat.mount_id : -LL_ENOSYS;
}

static int add_attributes(long tree, uint64_t attributes)
{
	const struct ll_mount_attr attr = { .set = attributes };

	if (attributes == 0)
		return 0;
	return (int)raw_call5(LL_NR_mount_setattr, tree, raw_ptr(""), LL_AT_EMPTY_PATH | LL_AT_RECURSIVE,
			      raw_ptr(&attr), sizeof(attr));
}

/* Attaches a tree (borrowed) to an op's target. The mount's id or -errno. */
static int64_t attach(const struct ll_state *state, const struct ll_op *op, long tree, uint64_t attributes)
{
	long ret = add_attributes(tree, attributes);
	long target;

	if (ret < 0)
		return ret;
	target = open_target(state->plan->data + op->text_offset, 0);
	if (target < 0)
		return target;
	ret = raw_call5(LL_NR_move_mount, tree, raw_ptr(""), target, raw_ptr(""),
			LL_MOVE_MOUNT_F_EMPTY_PATH | LL_MOVE_MOUNT_T_EMPTY_PATH);
	raw_call1(__NR_close, target);
	return ret < 0 ? ret : mount_id(tree, "", LL_AT_EMPTY_PATH);
}

/*
 * A copy of a tree that was taken at the start. Before Linux 6.15 a tree that
 * is attached nowhere can't be copied: then it is given away itself, once.
 */
static long copy_tree(struct ll_state *state, const struct ll_op *op)
{
	int32_t *tree = &state->sources[op->a];
	long ret = raw_call3(LL_NR_open_tree, *tree, raw_ptr(""),
			     LL_OPEN_TREE_CLONE | LL_OPEN_TREE_CLOEXEC | LL_AT_RECURSIVE | LL_AT_EMPTY_PATH);

	if (ret == -LL_EINVAL) {
		ret = *tree;
		*tree = -1;
	}
	return ret;
}

static uint64_t bind_attributes(const struct ll_op *op)
{
	return op->flags & LL_FLAG_ALLOW_BIND_READ_ONLY ? LL_MOUNT_ATTR_RDONLY : 0;
}

static int64_t hand_tmpfs(const struct ll_state *state, const struct ll_op *op, const struct ll_message *command)
{
	const uint64_t mode = command->b & 07777;
	const long tree = ll_new_tmpfs(command->a, mode, LL_MOUNT_ATTR_NOSUID | LL_MOUNT_ATTR_NODEV);
	int64_t ret;

	if (tree < 0)
		return tree;
	ret = attach(state, op, tree, command->b >> 32 & restrictions);
	raw_call1(__NR_close, tree);
	return ret;
}

static int64_t hand_bind(struct ll_state *state, const struct ll_op *op)
{
	const long tree = copy_tree(state, op);
	int64_t ret;

	if (tree < 0)
		return tree;
	ret = attach(state, op, tree, bind_attributes(op));
	raw_call1(__NR_close, tree);
	return ret;
}

static long hand_clone(struct ll_state *state, const struct ll_op *op, uint64_t read_only)
{
	const long tree = copy_tree(state, op);
	int ret;

	if (tree < 0)
		return tree;
	ret = add_attributes(tree, read_only ? LL_MOUNT_ATTR_RDONLY : bind_attributes(op));
	if (ret == 0)
		return tree;
	raw_call1(__NR_close, tree);
	return ret;
}

static int64_t hand_fsmount(const struct ll_op *op, int fs, uint64_t attributes, int *ret_fd)
{
	uint64_t always = LL_MOUNT_ATTR_NOSUID | LL_MOUNT_ATTR_NODEV;
	long tree;

	if (op->flags & LL_FLAG_ALLOW_OBJECT_PROC)
		always |= LL_MOUNT_ATTR_NOEXEC;
	tree = raw_call3(LL_NR_fsmount, fs, LL_FSMOUNT_CLOEXEC, (long)((attributes & restrictions) | always));
	if (tree < 0)
		return tree;
	*ret_fd = (int)tree;
	return mount_id(tree, "", LL_AT_EMPTY_PATH);
}

/*
 * The target's folder is held while its last name is looked at and unmounted:
 * a name that is mounted on can't be moved in between.
 */
static int hand_unmount(const char *target, uint64_t id, uint64_t flags)
{
	char folder[PATH_SIZE];
	size_t slash = 0;
	size_t size = 0;
	int64_t found;
	long ret;

	for (; target[size] != '\0' && size < PATH_SIZE - 1; size++) {
		folder[size] = target[size];
		if (target[size] == '/')
			slash = size;
	}
	folder[slash == 0 ? 1 : slash] = '\0';
	ret = open_target(folder, LL_O_DIRECTORY);
	if (ret < 0)
		return (int)ret;
	size = (size_t)ret;
	ret = raw_call1(__NR_fchdir, (long)size);
	raw_call1(__NR_close, (long)size);
	if (ret < 0)
		return (int)ret;
	found = mount_id(LL_AT_FDCWD, target + slash + 1, LL_AT_SYMLINK_NOFOLLOW | LL_AT_NO_AUTOMOUNT);
	ret = found < 0 ? (long)found : -LL_EINVAL;
	if (found == (int64_t)id)
		ret = raw_call2(__NR_umount2, raw_ptr(target + slash + 1),
				(long)(flags & LL_MNT_DETACH) | LL_UMOUNT_NOFOLLOW);
	raw_call1(__NR_chdir, raw_ptr("/"));
	return (int)ret;
}

static int hand_restrict(const char *target, int fd, uint64_t id, uint64_t attributes)
{
	long found;
	int ret;

	if ((attributes & ~restrictions) != 0)
		return -LL_EPERM;
	if (fd >= 0)
		return add_attributes(fd, attributes);
	found = open_target(target, 0);
	if (found < 0)
		return (int)found;
	ret = mount_id(found, "", LL_AT_EMPTY_PATH) == (int64_t)id ? add_attributes(found, attributes) : -LL_EINVAL;
	raw_call1(__NR_close, found);
	return ret;
}

/* Which ops a command may be about, as bits of their kinds. */
static uint32_t kinds_of(uint32_t command)
{
	const uint32_t targets =
		UINT32_C(1) << LL_OP_ALLOW_TMPFS | UINT32_C(1) << LL_OP_ALLOW_BIND | UINT32_C(1) << LL_OP_ALLOW_ATTACH;

	switch (command) {
	case LL_COMMAND_TMPFS:
		return UINT32_C(1) << LL_OP_ALLOW_TMPFS;
	case LL_COMMAND_BIND:
	case LL_COMMAND_CLONE:
		return UINT32_C(1) << LL_OP_ALLOW_BIND;
	case LL_COMMAND_FSOPEN:
	case LL_COMMAND_CREATE:
	case LL_COMMAND_FSMOUNT:
		return UINT32_C(1) << LL_OP_ALLOW_OBJECT;
	case LL_COMMAND_ATTACH:
		return UINT32_C(1) << LL_OP_ALLOW_BIND | UINT32_C(1) << LL_OP_ALLOW_ATTACH;
	case LL_COMMAND_UNMOUNT:
		return targets;
	case LL_COMMAND_RESTRICT:
		return targets | UINT32_C(1) << LL_OP_ALLOW_OBJECT;
	default:
		return 0;
	}
}

/* An id (0 where there is none) or -errno; an fd in *ret_fd. */
static int64_t perform(struct ll_state *state, const struct ll_op *op, const struct ll_message *command, int fd,
		       int *ret_fd)
{
	const char *target = state->plan->data + op->text_offset;
	long ret;

	switch (command->stage) {
	case LL_COMMAND_TMPFS:
		return hand_tmpfs(state, op, command);
	case LL_COMMAND_BIND:
		return hand_bind(state, op);
	case LL_COMMAND_CLONE:
		ret = hand_clone(state, op, command->a);
		break;
	case LL_COMMAND_FSOPEN:
		ret = raw_call2(LL_NR_fsopen, raw_ptr(op->flags & LL_FLAG_ALLOW_OBJECT_PROC ? "proc" : "tmpfs"),
				LL_FSOPEN_CLOEXEC);
		break;
	case LL_COMMAND_CREATE:
		return raw_call5(LL_NR_fsconfig, fd, LL_FSCONFIG_CMD_CREATE, 0, 0, 0);
	case LL_COMMAND_FSMOUNT:
		return hand_fsmount(op, fd, command->a, ret_fd);
	case LL_COMMAND_ATTACH:
		return attach(state, op, fd,
			      (command->b & restrictions) | (op->kind == LL_OP_ALLOW_BIND ? bind_attributes(op) : 0));
	case LL_COMMAND_UNMOUNT:
		return hand_unmount(target, command->a, command->b);
	case LL_COMMAND_RESTRICT:
		return op->kind == LL_OP_ALLOW_OBJECT && fd < 0 ? -LL_EPERM
								: hand_restrict(target, fd, command->a, command->b);
	default:
		return -LL_EPERM;
	}
	if (ret < 0)
		return ret;
	*ret_fd = (int)ret;
	return mount_id(ret, "", LL_AT_EMPTY_PATH);
}

struct ll_message ll_hand(struct ll_state *state, const struct ll_message *command, int fd, int *ret_fd)
{
	struct ll_message reply = { .kind = LL_MESSAGE_DONE, .stage = command->stage, .op = command->op };
	const uint32_t index = (uint32_t)command->op;
	int64_t ret = -LL_EPERM;

	*ret_fd = -1;
	if (index < state->plan->header->op_count &&
	    (kinds_of(command->stage) >> state->plan->ops[index].kind & 1) != 0)
		ret = perform(state, &state->plan->ops[index], command, fd, ret_fd);
	if (ret < 0)
		reply.errno = (int32_t)-ret;
	else
		reply.a = (uint64_t)ret;
	return reply;
}

int ll_hand_needed(const struct ll_plan *plan)
{
	for (uint32_t i = 0; i < plan->header->op_count; i++) {
		if (plan->ops[i].kind >= LL_OP_ALLOW_TMPFS && plan->ops[i].kind <= LL_OP_ALLOW_ATTACH)
			return 1;
	}
	return 0;
}
