/** Constants of namespaces and mount calls (include/uapi/linux/mount.h); the same on every architecture. */

/** linux/sched.h */
export const CLONE_NEWNS = 0x20000;
export const CLONE_NEWUSER = 0x10000000;
export const CLONE_NEWPID = 0x20000000;

export const MS_RDONLY = 0x1;
export const MS_REMOUNT = 0x20;
export const MS_BIND = 0x1000;
export const MS_MOVE = 0x2000;
/** MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED. */
export const MS_PROPAGATION = 0x1e0000;
/** In the upper half of the flags of old programs; means nothing. */
export const MS_MGC_VAL = 0xc0ed0000;
export const MS_MGC_MSK = 0xffff0000;

export const MNT_DETACH = 2;
export const UMOUNT_NOFOLLOW = 8;

export const MOUNT_ATTR_RDONLY = 0x1;
export const MOUNT_ATTR_NOSUID = 0x2;
export const MOUNT_ATTR_NODEV = 0x4;
export const MOUNT_ATTR_NOEXEC = 0x8;
/** MS_RDONLY, MS_NOSUID, MS_NODEV and MS_NOEXEC are the same bits. */
export const MOUNT_RESTRICTIONS = 0xf;

export const OPEN_TREE_CLONE = 1;
export const OPEN_TREE_CLOEXEC = 0o2000000;
export const FSOPEN_CLOEXEC = 1;
export const FSMOUNT_CLOEXEC = 1;
export const MOVE_MOUNT_F_SYMLINKS = 0x1;
export const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
export const MOVE_MOUNT_T_SYMLINKS = 0x10;
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
/** With the two for automounts, which change nothing here. */
export const MOVE_MOUNT_KNOWN = 0x77;

export const FSCONFIG_SET_FLAG = 0;
export const FSCONFIG_SET_STRING = 1;
export const FSCONFIG_CMD_CREATE = 6;
/** struct mount_attr: u64 attr_set, attr_clr, propagation, userns_fd. */
export const MOUNT_ATTR_SIZE_BYTES = 32;

export const KCMP_FILE = 0;

/** The calls that a policy with mounts for the workload itself hands to the broker. */
export const MOUNT_CALLS: readonly string[] = [
  "mount",
  "umount2",
  "open_tree",
  "move_mount",
  "fsopen",
  "fsconfig",
  "fsmount",
  "mount_setattr",
];
