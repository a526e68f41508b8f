#include "plan/mount.h"

#include "base/identity.h"
#include "base/raw.h"
#include "base/uapi.h"
#include "plan/open.h"

enum { PATH_SIZE = 4096 };

/*
 * A folder that was opened in the mount namespace of before leads past all that
 * is mounted in this one: openat(0, "..") reaches what is covered, writes to
 * what is bound read-only, and leaves a root.
 */
static int no_folder_in_stdio(void)
{
	for (int fd = 0; fd < 3; fd++) {
		struct ll_statx stat = { 0 };

		if (raw_call5(__NR_statx, fd, raw_ptr(""), LL_AT_EMPTY_PATH, LL_STATX_TYPE, raw_ptr(&stat)) == 0 &&
		    (stat.mode & LL_S_IFMT) == LL_S_IFDIR)
			return -LL_EISDIR;
	}
	return 0;
}

static int op_private_mounts(void)
{
	const struct ll_mount_attr attr = { .propagation = LL_MS_PRIVATE };
	const int ret = no_folder_in_stdio();

	if (ret < 0)
		return ret;
	return (int)raw_call5(LL_NR_mount_setattr, LL_AT_FDCWD, raw_ptr("/"), LL_AT_RECURSIVE, raw_ptr(&attr),
			      sizeof(attr));
}

/* Attaches a tree that isn't attached anywhere where an op says, and closes its fd. */
static int attach(const struct ll_state *state, long tree, const struct ll_op *op)
{
	long ret = ll_open_path(state, op);
	const long target = ret;

	if (ret >= 0) {
		ret = raw_call5(LL_NR_move_mount, tree, raw_ptr(""), target, raw_ptr(""),
				LL_MOVE_MOUNT_F_EMPTY_PATH | LL_MOVE_MOUNT_T_EMPTY_PATH);
		raw_call1(__NR_close, target);
	}
	raw_call1(__NR_close, tree);
	return (int)ret;
}

/* With all that is mounted beneath: a part of a tree that a user namespace inherited can't be copied alone. */
static long clone_tree(long from, const char *path, long flags)
{
	return raw_call3(LL_NR_open_tree, from, raw_ptr(path),
			 LL_OPEN_TREE_CLONE | LL_OPEN_TREE_CLOEXEC | LL_AT_RECURSIVE | flags);
}

/* Attributes are added, never taken away: those that the user namespace inherited are locked. */
static int op_bind_source(struct ll_state *state, const struct ll_op *op)
{
	const struct ll_mount_attr attr = { .set = LL_MOUNT_ATTR_RDONLY };
	const long source = op->c == 0 ? LL_AT_FDCWD : ll_open_path(state, op);
	long tree = source;
	long ret;

	if (op->c == 0)
		tree = clone_tree(source, state->plan->data + op->text_offset, 0);
	else if (source >= 0) {
		tree = clone_tree(source, "", LL_AT_EMPTY_PATH);
		raw_call1(__NR_close, source);
	}
	if (tree < 0)
		return (int)tree;
	/* Above every number that the keeper gives up once the workload runs (keeper.c). */
	ret = raw_call3(__NR_fcntl, tree, LL_F_DUPFD_CLOEXEC, LL_SOURCE_FD_MIN);
	raw_call1(__NR_close, tree);
	if (ret < 0)
		return (int)ret;
	tree = ret;
	ret = 0;
	state->sources[state->source_count++] = (int32_t)tree;
	if (op->flags & LL_FLAG_BIND_SOURCE_READ_ONLY) {
		ret = raw_call5(LL_NR_mount_setattr, tree, raw_ptr(""), LL_AT_EMPTY_PATH | LL_AT_RECURSIVE,
				raw_ptr(&attr), sizeof(attr));
	}
	return (int)ret;
}

static int op_bind(struct ll_state *state, const struct ll_op *op)
{
	int32_t *tree = &state->sources[op->a];
	const int ret = attach(state, *tree, op);

	*tree = -1;
	return ret;
}

/* The folder onto itself: what is mounted beneath it from now on is beneath the later root. */
static int op_root(struct ll_state *state, const struct ll_op *op)
{
	const long target = ll_open_path(state, op);
	long ret;

	if (target < 0)
		return (int)target;
	ret = clone_tree(target, "", LL_AT_EMPTY_PATH);
	if (ret >= 0) {
		state->root = op;
		state->root_fd = (int32_t)ret;
		ret = raw_call5(LL_NR_move_mount, state->root_fd, raw_ptr(""), target, raw_ptr(""),
				LL_MOVE_MOUNT_F_EMPTY_PATH | LL_MOVE_MOUNT_T_EMPTY_PATH);
	}
	raw_call1(__NR_close, target);
	return (int)ret;
}

struct option {
	const char *key;
	const char *value;
};

/* fsopen(2): ENODEV a type that the kernel lacks; EINVAL a value. The new tree's fd or -errno. */
static long new_filesystem(const char *type, const struct option *options, size_t count, long attributes)
{
	const long fs = raw_call2(LL_NR_fsopen, raw_ptr(type), LL_FSOPEN_CLOEXEC);
	long ret = 0;

	if (fs < 0)
		return fs;
	for (size_t i = 0; i < count && ret >= 0; i++) {
		ret = raw_call5(LL_NR_fsconfig, fs, LL_FSCONFIG_SET_STRING, raw_ptr(options[i].key),
				raw_ptr(options[i].value), 0);
	}
	if (ret >= 0)
		ret = raw_call5(LL_NR_fsconfig, fs, LL_FSCONFIG_CMD_CREATE, 0, 0, 0);
	if (ret >= 0)
		ret = raw_call3(LL_NR_fsmount, fs, LL_FSMOUNT_CLOEXEC, attributes);
	raw_call1(__NR_close, fs);
	return ret;
}

long ll_new_tmpfs(uint64_t size_bytes, uint64_t mode, long attributes)
{
	char size[LL_NUMBER_SIZE];
	char bits[LL_NUMBER_SIZE];
	const struct option options[] = { { "source", "tmpfs" }, { "mode", bits }, { "size", size } };

	ll_number_text(bits, mode, 8);
	ll_number_text(size, size_bytes, 10);
	return new_filesystem("tmpfs", options, size_bytes == 0 ? 2 : 3, attributes);
}

static int op_tmpfs(const struct ll_state *state, const struct ll_op *op)
{
	const long tree = ll_new_tmpfs(op->a, op->b, LL_MOUNT_ATTR_NOSUID | LL_MOUNT_ATTR_NODEV);

	return tree < 0 ? (int)tree : attach(state, tree, op);
}

/* EPERM too where no procfs of this mount namespace is fully visible: containers hide parts of theirs. */
static int op_proc(const struct ll_state *state, const struct ll_op *op)
{
	const struct option options[] = { { "source", "proc" } };
	const long tree =
		new_filesystem("proc", options, 1, LL_MOUNT_ATTR_NOSUID | LL_MOUNT_ATTR_NODEV | LL_MOUNT_ATTR_NOEXEC);

	return tree < 0 ? (int)tree : attach(state, tree, op);
}

/*
 * getcwd(2) tells the path even of a covered folder, and it has no links in
 * it: one that is there now is of what was mounted. ENOENT where it leads
 * nowhere now.
 */
static int op_enter_cwd(void)
{
	char path[PATH_SIZE];
	long ret = raw_call2(__NR_getcwd, raw_ptr(path), sizeof(path));
	long fd;

	if (ret < 0)
		return (int)ret;
	if (path[0] != '/')
		return -LL_ENOENT;
	fd = ll_open_how(LL_AT_FDCWD, path, LL_RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return (int)fd;
	ret = raw_call1(__NR_fchdir, fd);
	raw_call1(__NR_close, fd);
	return (int)ret;
}

/* pivot_root(2), NOTES: old root onto new root, then away with what is on top, and nothing is written anywhere. */
static int op_pivot(struct ll_state *state)
{
	long ret = raw_call1(__NR_fchdir, state->root_fd);

	if (ret == 0)
		ret = raw_call2(__NR_pivot_root, raw_ptr("."), raw_ptr("."));
	if (ret == 0)
		ret = raw_call2(__NR_umount2, raw_ptr("."), LL_MNT_DETACH);
	if (ret == 0)
		ret = raw_call1(__NR_chdir, raw_ptr("/"));
	raw_call1(__NR_close, state->root_fd);
	state->root = NULL;
	return (int)ret;
}

int ll_mount(struct ll_state *state, const struct ll_op *op)
{
	switch (op->kind) {
	case LL_OP_IDENTITY:
		return ll_identity(state->uid, state->gid);
	case LL_OP_PRIVATE_MOUNTS:
		return op_private_mounts();
	case LL_OP_BIND_SOURCE:
		return op_bind_source(state, op);
	case LL_OP_ROOT:
		return op_root(state, op);
	case LL_OP_BIND:
		return op_bind(state, op);
	case LL_OP_TMPFS:
		return op_tmpfs(state, op);
	case LL_OP_PROC:
		return op_proc(state, op);
	case LL_OP_ENTER_CWD:
		return op_enter_cwd();
	case LL_OP_ALLOW_TMPFS:
	case LL_OP_ALLOW_BIND:
	case LL_OP_ALLOW_OBJECT:
	case LL_OP_ALLOW_ATTACH:
		return 0; /* hands.c */
	case LL_OP_PIVOT:
		return op_pivot(state);
	default:
		return -LL_EINVAL;
	}
}
