/*
 * Kernel constants and structs, vendored: the build host's headers may be
 * older than the kernel that landlockd runs on. One line, one source.
 */
#ifndef LL_UAPI_H
#define LL_UAPI_H

#include <stddef.h>
#include <stdint.h>

/* errno(3); include/uapi/asm-generic/errno-base.h */
enum {
	LL_EPERM = 1,
	LL_ENOENT = 2,
	LL_ESRCH = 3,
	LL_EINTR = 4,
	LL_ENXIO = 6,
	LL_E2BIG = 7,
	LL_ENOEXEC = 8,
	LL_EBADF = 9,
	LL_ECHILD = 10,
	LL_EAGAIN = 11,
	LL_ENOMEM = 12,
	LL_EACCES = 13,
	LL_EFAULT = 14,
	LL_ENOTDIR = 20,
	LL_EISDIR = 21,
	LL_EINVAL = 22,
	LL_EPIPE = 32,
	LL_ENAMETOOLONG = 36,
	LL_ENOSYS = 38,
	LL_ELOOP = 40,
	LL_EPROTO = 71,
	LL_EBADFD = 77,
	LL_ENOTCONN = 107,
	LL_ESTALE = 116,
};

/* include/uapi/asm-generic/fcntl.h; the same on x86_64 and aarch64 but for these. */
#if defined(__x86_64__)
enum { LL_O_DIRECTORY = 0200000, LL_O_NOFOLLOW = 0400000, LL_O_LARGEFILE = 0100000 };
#else
enum { LL_O_DIRECTORY = 040000, LL_O_NOFOLLOW = 0100000, LL_O_LARGEFILE = 0400000 };
#endif
enum {
	LL_O_ACCMODE = 3,
	LL_O_RDONLY = 0,
	LL_O_WRONLY = 1,
	LL_O_CREAT = 0100,
	LL_O_EXCL = 0200,
	LL_O_CLOEXEC = 02000000,
	LL_O_NOCTTY = 0400,
	LL_O_APPEND = 02000,
	LL_O_NONBLOCK = 04000,
	LL_O_PATH = 010000000,
	LL_AT_FDCWD = -100,
	LL_AT_SYMLINK_NOFOLLOW = 0x100,
	LL_AT_NO_AUTOMOUNT = 0x800,
	LL_AT_EMPTY_PATH = 0x1000,
	LL_AT_STATX_DONT_SYNC = 0x4000,
	LL_AT_RECURSIVE = 0x8000,
	LL_F_DUPFD_CLOEXEC = 1030,
	LL_F_GETFL = 3,
	LL_F_SETFL = 4,
};

/* include/uapi/linux/landlock.h, Linux 6.18 */
struct ll_ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;             /* ABI 6 */
};
struct ll_path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));
struct ll_net_port_attr {
	uint64_t allowed_access;
	uint64_t port;
};
_Static_assert(sizeof(struct ll_ruleset_attr) == 24, "landlock_ruleset_attr, ABI 6");
_Static_assert(sizeof(struct ll_path_beneath_attr) == 12, "landlock_path_beneath_attr is packed");
_Static_assert(sizeof(struct ll_net_port_attr) == 16, "landlock_net_port_attr");
enum {
	LL_ABI_SCOPES = 6,
	LL_LANDLOCK_CREATE_RULESET_VERSION = 1,
	LL_LANDLOCK_CREATE_RULESET_ERRATA = 2,
	LL_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET = 1,
	LL_LANDLOCK_SCOPE_SIGNAL = 2,
	LL_LANDLOCK_ACCESS_FS_REFER = 1 << 13,
	LL_LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF = 1,
	LL_LANDLOCK_RULE_PATH_BENEATH = 1,
	LL_LANDLOCK_RULE_NET_PORT = 2,
	LL_NR_landlock_create_ruleset = 444, /* the same number on every architecture */
	LL_NR_landlock_add_rule = 445,
	LL_NR_landlock_restrict_self = 446,
};

/* include/uapi/linux/openat2.h */
struct ll_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};
enum {
	LL_RESOLVE_NO_MAGICLINKS = 0x02,
	LL_RESOLVE_NO_SYMLINKS = 0x04,
	LL_RESOLVE_BENEATH = 0x08,
	LL_RESOLVE_IN_ROOT = 0x10,
	LL_RESOLVE_CACHED = 0x20,
	LL_NR_openat2 = 437
};

/* include/uapi/linux/mount.h; the numbers are the same on every architecture */
struct ll_mount_attr {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
	uint64_t userns_fd;
};
enum {
	LL_MS_PRIVATE = 1 << 18,
	LL_MNT_DETACH = 2,
	LL_UMOUNT_NOFOLLOW = 8,
	LL_OPEN_TREE_CLONE = 1,
	LL_OPEN_TREE_CLOEXEC = 02000000,
	LL_MOVE_MOUNT_F_EMPTY_PATH = 4,
	LL_MOVE_MOUNT_T_EMPTY_PATH = 0x40,
	LL_FSOPEN_CLOEXEC = 1,
	LL_FSMOUNT_CLOEXEC = 1,
	LL_FSCONFIG_SET_STRING = 1,
	LL_FSCONFIG_CMD_CREATE = 6,
	LL_MOUNT_ATTR_RDONLY = 1,
	LL_MOUNT_ATTR_NOSUID = 2,
	LL_MOUNT_ATTR_NODEV = 4,
	LL_MOUNT_ATTR_NOEXEC = 8,
	LL_NR_open_tree = 428,
	LL_NR_move_mount = 429,
	LL_NR_fsopen = 430,
	LL_NR_fsconfig = 431,
	LL_NR_fsmount = 432,
	LL_NR_mount_setattr = 442,
};

/* include/uapi/linux/stat.h: as much of struct statx as is read, and room for the rest. */
struct ll_statx {
	uint32_t mask;
	uint32_t block_size;
	uint64_t attributes;
	uint32_t links;
	uint32_t uid;
	uint32_t gid;
	uint16_t mode;
	uint16_t pad;
	uint64_t inode;
	uint64_t size;
	uint64_t unread[11];
	uint32_t device_major;
	uint32_t device_minor;
	uint64_t mount_id; /* Linux 5.8 */
	uint64_t rest[13];
};
_Static_assert(sizeof(struct ll_statx) == 256, "struct statx");
enum {
	LL_STATX_TYPE = 1,
	LL_STATX_INO = 0x100,
	LL_STATX_SIZE = 0x200,
	LL_STATX_MNT_ID = 0x1000,
	LL_STATX_BASIC_STATS = 0x7ff,
	LL_S_IFMT = 0170000,
	LL_S_IFDIR = 0040000,
	LL_S_IFREG = 0100000,
	LL_S_IFLNK = 0120000,
	LL_S_IFIFO = 0010000,
	LL_S_IFSOCK = 0140000,
};

/* include/uapi/linux/prctl.h */
enum {
	LL_PR_SET_PDEATHSIG = 1,
	LL_PR_GET_DUMPABLE = 3,
	LL_PR_SET_DUMPABLE = 4,
	LL_PR_CAPBSET_DROP = 24,
	LL_PR_GET_SECUREBITS = 27,
	LL_PR_SET_SECUREBITS = 28,
	LL_PR_SET_CHILD_SUBREAPER = 36,
	LL_PR_GET_SECCOMP = 21,
	LL_PR_SET_NO_NEW_PRIVS = 38,
	LL_PR_GET_NO_NEW_PRIVS = 39,
	LL_PR_CAP_AMBIENT = 47,
	LL_PR_CAP_AMBIENT_CLEAR_ALL = 4,
};

/* include/uapi/linux/securebits.h */
enum { LL_SECBIT_NOROOT = 1 << 0, LL_SECBIT_NOROOT_LOCKED = 1 << 1 };

/* include/uapi/linux/capability.h */
struct ll_cap_header {
	uint32_t version;
	int32_t pid;
};
struct ll_cap_data {
	uint32_t effective;
	uint32_t permitted;
	uint32_t inheritable;
};
enum { LL_CAP_VERSION_3 = 0x20080522, LL_CAP_SETPCAP = 8, LL_CAP_SYS_ADMIN = 21, LL_CAP_LIMIT = 64 };

/* include/uapi/linux/seccomp.h, filter.h, audit.h */
struct ll_sock_fprog {
	uint16_t len;
	const void *filter;
};
enum {
	LL_SECCOMP_SET_MODE_FILTER = 1,
	LL_SECCOMP_GET_ACTION_AVAIL = 2,
	LL_SECCOMP_FILTER_FLAG_NEW_LISTENER = 8,
	LL_SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 32,
	LL_SOCK_FILTER_SIZE = 8,
	LL_BPF_MAXINSNS = 4096,
};
#define LL_SECCOMP_RET_KILL_PROCESS UINT32_C(0x80000000)
#define LL_SECCOMP_RET_USER_NOTIF UINT32_C(0x7fc00000)
#define LL_SECCOMP_RET_ALLOW UINT32_C(0x7fff0000)
struct ll_notif {
	uint64_t id;
	uint32_t pid;
	uint32_t flags;
	int32_t nr;
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t args[6];
};
struct ll_notif_resp {
	uint64_t id;
	int64_t val;
	int32_t error;
	uint32_t flags;
};
struct ll_notif_addfd {
	uint64_t id;
	uint32_t flags;
	uint32_t srcfd;
	uint32_t newfd;
	uint32_t newfd_flags;
};
_Static_assert(sizeof(struct ll_notif) == 80, "seccomp_notif");
_Static_assert(sizeof(struct ll_notif_resp) == 24, "seccomp_notif_resp");
_Static_assert(sizeof(struct ll_notif_addfd) == 24, "seccomp_notif_addfd");
enum { LL_SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1, LL_SECCOMP_ADDFD_FLAG_SEND = 2 };
#define LL_SECCOMP_IOCTL_NOTIF_RECV 0xc0502100L
#define LL_SECCOMP_IOCTL_NOTIF_SEND 0xc0182101L
#define LL_SECCOMP_IOCTL_NOTIF_ID_VALID 0x40082102L
#define LL_SECCOMP_IOCTL_NOTIF_ADDFD 0x40182103L
#define LL_SECCOMP_IOCTL_NOTIF_SET_FLAGS 0x40082104L
enum { LL_SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1 };
#if defined(__x86_64__)
#define LL_AUDIT_ARCH UINT32_C(0xc000003e)
#else
#define LL_AUDIT_ARCH UINT32_C(0xc00000b7)
#endif

/* include/uapi/linux/utsname.h */
struct ll_utsname {
	char system[65];
	char node[65];
	char release[65];
	char version[65];
	char machine[65];
	char domain[65];
};

/* include/uapi/linux/sched.h */
enum {
	LL_CLONE_VM = 0x100,
	LL_CLONE_PIDFD = 0x1000,
	LL_CLONE_VFORK = 0x4000,
	LL_CLONE_PARENT = 0x8000,
	LL_CLONE_NEWNS = 0x20000,
	LL_CLONE_NEWUSER = 0x10000000,
	LL_CLONE_NEWPID = 0x20000000,
};

/* include/uapi/asm-generic/signal.h, signal-defs.h */
enum {
	LL_SIGHUP = 1,
	LL_SIGINT = 2,
	LL_SIGQUIT = 3,
	LL_SIGUSR1 = 10,
	LL_SIGUSR2 = 12,
	LL_SIGALRM = 14,
	LL_SIGTERM = 15,
	LL_SIGCONT = 18,
	LL_SIGTSTP = 20,
	LL_SIGTTIN = 21,
	LL_SIGTTOU = 22,
	LL_SIGXFSZ = 25,
	LL_SIGWINCH = 28,
	LL_SIGKILL = 9,
	LL_SIGPIPE = 13,
	LL_SIGCHLD = 17,
	LL_SIGSTOP = 19,
	LL_SIGNALS = 64,
	LL_SIG_BLOCK = 0,
	LL_SIG_UNBLOCK = 1,
	LL_SIG_SETMASK = 2,
	LL_SA_SIGINFO = 4,
	LL_SA_RESTORER = 0x04000000,
	LL_SA_ONSTACK = 0x08000000,
	LL_SA_RESTART = 0x10000000,
};
/* A signal in a sigset_t. */
#define LL_SIGNAL_BIT(signal) (UINT64_C(1) << ((signal)-1))
enum { LL_NR_pidfd_send_signal = 424 }; /* the same number on every architecture */
struct ll_sigaction {
	uintptr_t handler; /* 0 SIG_DFL, 1 SIG_IGN */
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* include/uapi/asm-generic/resource.h */
struct ll_rlimit {
	uint64_t soft;
	uint64_t hard;
};
enum {
	LL_RLIMIT_DATA = 2,
	LL_RLIMIT_STACK = 3,
	LL_RLIMIT_CORE = 4,
	LL_RLIMIT_NPROC = 6,
	LL_RLIMIT_NOFILE = 7,
	LL_RLIMIT_AS = 9,
};

/* include/linux/socket.h, uapi/linux/socket.h */
enum {
	LL_AF_UNIX = 1,
	LL_SOCK_DGRAM = 2,
	LL_SOCK_SEQPACKET = 5,
	LL_SOCK_CLOEXEC = 02000000,
	LL_SOL_SOCKET = 1,
	LL_SO_PEERCRED = 17,
	LL_SCM_RIGHTS = 1,
	LL_MSG_CTRUNC = 8,
	LL_MSG_TRUNC = 0x20,
	LL_MSG_DONTWAIT = 0x40,
	LL_MSG_NOSIGNAL = 0x4000,
	LL_MSG_CMSG_CLOEXEC = 0x40000000,
};
struct ll_iovec {
	const void *base;
	size_t size;
};
struct ll_msghdr {
	const void *name;
	int32_t name_size;
	int32_t pad;
	struct ll_iovec *iov;
	size_t iov_count;
	void *control;
	size_t control_size;
	uint32_t flags;
	uint32_t pad2;
};
struct ll_sockaddr_un {
	uint16_t family;
	char path[108];
};
struct ll_ucred {
	int32_t pid;
	uint32_t uid;
	uint32_t gid;
};
/* A cmsghdr with one fd in it. */
struct ll_cmsg_fd {
	size_t size; /* 20: header and one int, unpadded */
	int32_t level;
	int32_t type;
	int32_t fd;
	int32_t pad;
};

/* include/uapi/linux/wait.h, poll.h, mman-common.h, close_range.h */
#define LL_WCLONE 0x80000000L
enum {
	LL_P_ALL = 0,
	LL_P_PID = 1,
	LL_WNOHANG = 1,
	LL_WUNTRACED = 2,
	LL_WEXITED = 4,
	LL_WNOWAIT = 0x01000000,
	LL_WALL = 0x40000000,
	LL_POLLIN = 1,
	LL_POLLPRI = 2,
	LL_POLLOUT = 4,
	LL_POLLHUP = 0x10,
	LL_PROT_READ = 1,
	LL_PROT_WRITE = 2,
	LL_PROT_EXEC = 4,
	LL_MAP_PRIVATE = 2,
	LL_MAP_ANONYMOUS = 0x20,
	LL_CLOSE_RANGE_CLOEXEC = 4,
};
/* include/uapi/linux/sched/types.h, sched.h: struct sched_attr of its first size */
struct ll_sched_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime; /* ns; without real time the length of a turn, Linux 6.12 */
	uint64_t deadline;
	uint64_t period;
};
_Static_assert(sizeof(struct ll_sched_attr) == 48, "struct sched_attr");
enum { LL_SCHED_OTHER = 0, LL_SCHED_FLAG_RESET_ON_FORK = 1 };
/* include/uapi/linux/memfd.h, fcntl.h */
enum { LL_MFD_CLOEXEC = 1, LL_MFD_ALLOW_SEALING = 2, LL_F_ADD_SEALS = 1033, LL_ALL_SEALS = 15 };
/* include/uapi/linux/time_types.h */
enum { LL_CLOCK_MONOTONIC = 1 };
struct ll_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};
enum { LL_CLOCK_REALTIME = 0, LL_CLOCK_MONOTONIC_COARSE = 6 };
/* include/uapi/linux/time.h, timerfd.h: flags are those of open(2) */
struct ll_itimerspec {
	struct ll_timespec interval;
	struct ll_timespec value;
};

/* include/uapi/linux/signalfd.h: what is used of it */
struct ll_siginfo {
	uint32_t signal;
	int32_t errno;
	int32_t code; /* > 0 from the kernel (a terminal), <= 0 from a process */
	uint8_t rest[116];
};
_Static_assert(sizeof(struct ll_siginfo) == 128, "signalfd_siginfo");
/* include/uapi/linux/limits.h; the smallest page that Linux has here */
enum { LL_PATH_MAX = 4096, LL_PAGE_MIN = 4096 };
/* include/uapi/asm-generic/ioctls.h: a terminal's foreground process group */
enum { LL_TIOCGPGRP = 0x540f, LL_TIOCSPGRP = 0x5410 };
/* include/uapi/linux/eventpoll.h: packed on x86_64 only */
enum { LL_EPOLL_CTL_ADD = 1 };
struct ll_epoll_event {
	uint32_t events;
	uint64_t data;
}
#if defined(__x86_64__)
__attribute__((packed))
#endif
;
struct ll_pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};

#endif
