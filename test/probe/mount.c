/* Mount calls, old and new. */
#include "probe.h"

#include <linux/mount.h>
#include <sys/stat.h>

#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif
/* sys/mount.h has it, but not beside linux/mount.h. */
#define MNT_DETACH 2

/* mount_tmpfs TARGET: and away with it. */
static long mount_tmpfs(char **argv)
{
	long result = raw_call5(__NR_mount, P("tmpfs"), P(argv[0]), P("tmpfs"), 0, 0);

	if (result == 0)
		raw_call2(__NR_umount2, P(argv[0]), MNT_DETACH);
	return result;
}

static long mount_bind(char **argv)
{
	long result = raw_call5(__NR_mount, P(argv[0]), P(argv[1]), 0, MS_BIND, 0);

	if (result == 0)
		raw_call2(__NR_umount2, P(argv[1]), MNT_DETACH);
	return result;
}

static long mount_private(char **argv)
{
	return raw_call5(__NR_mount, 0, P(argv[0]), 0, MS_REC | MS_PRIVATE, 0);
}

/* Not a mount point: EINVAL to whoever may unmount. */
static long umount_plain(char **argv)
{
	return raw_call2(__NR_umount2, P(argv[0]), 0);
}

static long pivot_root_plain(char **argv)
{
	return raw_call2(__NR_pivot_root, P(argv[0]), P(argv[0]));
}

static long chroot_here(char **argv)
{
	return raw_call1(__NR_chroot, P(argv[0]));
}

static long chroot_to(char **argv)
{
	return in_child(chroot_here, argv);
}

static long fsopen_tmpfs(char **argv)
{
	(void)argv;
	return raw_call2(__NR_fsopen, P("tmpfs"), 0);
}

static long fsconfig_none(char **argv)
{
	(void)argv;
	return raw_call5(__NR_fsconfig, -1, FSCONFIG_CMD_CREATE, 0, 0, 0);
}

static long fsmount_none(char **argv)
{
	(void)argv;
	return raw_call3(__NR_fsmount, -1, 0, 0);
}

static long fspick_root(char **argv)
{
	(void)argv;
	return raw_call3(__NR_fspick, AT_FDCWD, P("/proc"), 0);
}

/* Without OPEN_TREE_CLONE it is another O_PATH, which anybody may have. */
static long open_tree_plain(char **argv)
{
	return raw_call3(__NR_open_tree, AT_FDCWD, P(argv[0]), 0);
}

static long open_tree_clone(char **argv)
{
	return raw_call3(__NR_open_tree, AT_FDCWD, P(argv[0]), OPEN_TREE_CLONE);
}

static long open_tree_attr_plain(char **argv)
{
	return raw_call5(__NR_open_tree_attr, AT_FDCWD, P(argv[0]), 0, 0, 0);
}

static long move_mount_none(char **argv)
{
	(void)argv;
	return raw_call5(__NR_move_mount, -1, P("absent"), AT_FDCWD, P("/"), 0);
}

static long mount_setattr_none(char **argv)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID };

	(void)argv;
	return raw_call5(__NR_mount_setattr, -1, P("absent"), 0, P(&attr), sizeof attr);
}

static const struct attempt attempts[] = {
	{ "mount_tmpfs", 1, mount_tmpfs },
	{ "mount_bind", 2, mount_bind },
	{ "mount_private", 1, mount_private },
	{ "umount", 1, umount_plain },
	{ "pivot_root", 1, pivot_root_plain },
	{ "chroot", 1, chroot_to },
	{ "fsopen", 0, fsopen_tmpfs },
	{ "fsconfig", 0, fsconfig_none },
	{ "fsmount", 0, fsmount_none },
	{ "fspick", 0, fspick_root },
	{ "open_tree", 1, open_tree_plain },
	{ "open_tree_clone", 1, open_tree_clone },
	{ "open_tree_attr", 1, open_tree_attr_plain },
	{ "move_mount", 0, move_mount_none },
	{ "mount_setattr", 0, mount_setattr_none },
	{ 0 },
};

PROBE(attempts)
