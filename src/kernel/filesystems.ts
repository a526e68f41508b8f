/**
 * Filesystems whose lookups the kernel answers by itself, or a disk of the machine's does. Any other may keep a lookup
 * waiting without end: for a server, a FUSE process, an automounter. An overlay counts as what it nearly always is:
 * layers on such a disk. Names as in /proc/PID/mountinfo and /proc/filesystems.
 */
export const OWN_FILESYSTEMS: readonly string[] = (
  "tmpfs ramfs rootfs devtmpfs devpts hugetlbfs mqueue proc sysfs securityfs debugfs tracefs configfs pstore " +
  "efivarfs bpf fusectl binfmt_misc nsfs selinuxfs smackfs cgroup cgroup2 cpuset resctrl rpc_pipefs " +
  "ext2 ext3 ext4 xfs btrfs bcachefs f2fs zfs jfs nilfs2 reiserfs vfat msdos exfat ntfs3 hfsplus iso9660 udf " +
  "squashfs erofs cramfs romfs minix jffs2 ubifs overlay"
).split(" ");
