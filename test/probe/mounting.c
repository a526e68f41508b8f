/* Mount calls that build on each other: the fds of one attempt are there for the next. */
#include "probe.h"

#include <linux/mount.h>
#include <sched.h>
#include <sys/stat.h>

#define MNT_DETACH 2
#define UMOUNT_NOFOLLOW 8

static int fs_fd = -1;
static int tree_fd = -1;

static long mount_tmpfs(char **argv)
{
	return raw_call5(__NR_mount, P("none"), P(argv[0]), P("tmpfs"), 0, 0);
}

static long mount_tmpfs_data(char **argv)
{
	return raw_call5(__NR_mount, P("none"), P(argv[0]), P("tmpfs"), MS_NOSUID, P(argv[1]));
}

static long mount_proc(char **argv)
{
	return raw_call5(__NR_mount, P("none"), P(argv[0]), P("proc"), 0, 0);
}

static long mount_bind(char **argv)
{
	return raw_call5(__NR_mount, P(argv[0]), P(argv[1]), 0, MS_BIND, 0);
}

static long mount_move(char **argv)
{
	return raw_call5(__NR_mount, P(argv[0]), P(argv[1]), 0, MS_MOVE, 0);
}

static long mount_shared(char **argv)
{
	return raw_call5(__NR_mount, 0, P(argv[0]), 0, MS_SHARED | MS_REC, 0);
}

static long remount_ro(char **argv)
{
	return raw_call5(__NR_mount, 0, P(argv[0]), 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0);
}

static long remount_rw(char **argv)
{
	return raw_call5(__NR_mount, 0, P(argv[0]), 0, MS_REMOUNT | MS_BIND, 0);
}

static long umount_it(char **argv)
{
	return raw_call2(__NR_umount2, P(argv[0]), 0);
}

static long umount_lazy(char **argv)
{
	return raw_call2(__NR_umount2, P(argv[0]), MNT_DETACH);
}

static long fs_open(char **argv)
{
	fs_fd = (int)raw_call2(__NR_fsopen, P(argv[0]), FSOPEN_CLOEXEC);
	return fs_fd;
}

static long fs_string(char **argv)
{
	return raw_call5(__NR_fsconfig, fs_fd, FSCONFIG_SET_STRING, P(argv[0]), P(argv[1]), 0);
}

static long fs_create(char **argv)
{
	(void)argv;
	return raw_call5(__NR_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

static long fs_reconfigure(char **argv)
{
	(void)argv;
	return raw_call5(__NR_fsconfig, fs_fd, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
}

static long fs_mount(char **argv)
{
	(void)argv;
	tree_fd = (int)raw_call3(__NR_fsmount, fs_fd, FSMOUNT_CLOEXEC, 0);
	return tree_fd;
}

static long clone_tree(char **argv)
{
	tree_fd = (int)raw_call3(__NR_open_tree, AT_FDCWD, P(argv[0]), OPEN_TREE_CLONE | O_CLOEXEC | 0x8000);
	return tree_fd;
}

static long attach_fd(int fd, const char *target)
{
	return raw_call5(__NR_move_mount, fd, P(""), AT_FDCWD, P(target), MOVE_MOUNT_F_EMPTY_PATH);
}

static long attach(char **argv)
{
	return attach_fd(tree_fd, argv[0]);
}

/* By another fd of the same open file description. */
static long attach_dup(char **argv)
{
	long fd = raw_call1(__NR_dup, tree_fd);
	long result = attach_fd((int)fd, argv[0]);

	close((int)fd);
	return result;
}

/* By a child that inherited it. */
static long attach_in_child(char **argv)
{
	return in_child(attach, argv);
}

/* The number is the same, but something else is there now. */
static long attach_reused(char **argv)
{
	int kept = dup(tree_fd);
	int other[2];
	long result;

	if (pipe(other) < 0 || dup2(other[0], tree_fd) < 0)
		return -errno;
	result = attach_fd(tree_fd, argv[0]);
	dup2(kept, tree_fd);
	close(kept);
	close(other[0]);
	close(other[1]);
	return result;
}

/* A closed number. */
static long attach_closed(char **argv)
{
	int kept = dup(tree_fd);
	long result;

	close(tree_fd);
	result = attach_fd(tree_fd, argv[0]);
	dup2(kept, tree_fd);
	close(kept);
	return result;
}

static long move_by_path(char **argv)
{
	return raw_call5(__NR_move_mount, AT_FDCWD, P(argv[0]), AT_FDCWD, P(argv[1]), 0);
}

static long set_attr(int fd, const char *path, unsigned flags, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	return raw_call5(__NR_mount_setattr, fd, P(path), flags, P(&attr), sizeof attr);
}

static long readonly_fd(char **argv)
{
	(void)argv;
	return set_attr(tree_fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0);
}

static long noexec_fd(char **argv)
{
	(void)argv;
	return set_attr(tree_fd, "", AT_EMPTY_PATH, MOUNT_ATTR_NOEXEC, 0);
}

static long writable_fd(char **argv)
{
	(void)argv;
	return set_attr(tree_fd, "", AT_EMPTY_PATH, 0, MOUNT_ATTR_RDONLY);
}

static long readonly_path(char **argv)
{
	return set_attr(AT_FDCWD, argv[0], 0, MOUNT_ATTR_RDONLY, 0);
}

static long writable_path(char **argv)
{
	return set_attr(AT_FDCWD, argv[0], 0, 0, MOUNT_ATTR_RDONLY);
}

static long touch(char **argv)
{
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_WRONLY | O_CREAT, 0644);

	if (fd >= 0)
		close((int)fd);
	return fd;
}

/* Into the tree itself, where no rule can see what is above. */
static long touch_in_tree(char **argv)
{
	long fd = raw_call4(__NR_openat, tree_fd, P(argv[0]), O_WRONLY | O_CREAT, 0644);

	if (fd >= 0)
		close((int)fd);
	return fd;
}

static long rename_it(char **argv)
{
	return from_libc(rename(argv[0], argv[1]));
}

static long symlink_it(char **argv)
{
	return from_libc(symlink(argv[0], argv[1]));
}

static long mkdir_it(char **argv)
{
	return from_libc(mkdir(argv[0], 0755));
}

static long enter(char **argv)
{
	return from_libc(chdir(argv[0]));
}

static long close_fds(char **argv)
{
	(void)argv;
	close(fs_fd);
	close(tree_fd);
	fs_fd = -1;
	tree_fd = -1;
	return 0;
}

/* Writes one byte more than fits: ENOSPC, whatever the size. At most 512 MiB, sparse up to the last page. */
static long fill(char **argv)
{
	static char block[1 << 20];
	long fd = raw_call4(__NR_openat, AT_FDCWD, P(argv[0]), O_WRONLY | O_CREAT, 0644);
	long result = fd;

	for (int i = 0; i < atoi(argv[1]) && result >= 0; i++)
		result = raw_call3(__NR_write, fd, P(block), sizeof block);
	if (result >= 0 && result < (long)sizeof block)
		result = -ENOSPC;
	unlink(argv[0]);
	close((int)fd);
	return result;
}

static const struct attempt attempts[] = {
	{ "mount_tmpfs", 1, mount_tmpfs },
	{ "mount_tmpfs_data", 2, mount_tmpfs_data },
	{ "mount_proc", 1, mount_proc },
	{ "mount_bind", 2, mount_bind },
	{ "mount_move", 2, mount_move },
	{ "mount_shared", 1, mount_shared },
	{ "remount_ro", 1, remount_ro },
	{ "remount_rw", 1, remount_rw },
	{ "umount", 1, umount_it },
	{ "umount_lazy", 1, umount_lazy },
	{ "fsopen", 1, fs_open },
	{ "fsconfig", 2, fs_string },
	{ "fscreate", 0, fs_create },
	{ "fsreconfigure", 0, fs_reconfigure },
	{ "fsmount", 0, fs_mount },
	{ "open_tree", 1, clone_tree },
	{ "attach", 1, attach },
	{ "attach_dup", 1, attach_dup },
	{ "attach_in_child", 1, attach_in_child },
	{ "attach_reused", 1, attach_reused },
	{ "attach_closed", 1, attach_closed },
	{ "move_by_path", 2, move_by_path },
	{ "readonly_fd", 0, readonly_fd },
	{ "noexec_fd", 0, noexec_fd },
	{ "writable_fd", 0, writable_fd },
	{ "readonly_path", 1, readonly_path },
	{ "writable_path", 1, writable_path },
	{ "touch", 1, touch },
	{ "touch_in_tree", 1, touch_in_tree },
	{ "rename", 2, rename_it },
	{ "symlink", 2, symlink_it },
	{ "mkdir", 1, mkdir_it },
	{ "chdir", 1, enter },
	{ "close", 0, close_fds },
	{ "fill", 2, fill },
	{ 0 },
};

PROBE(attempts)
