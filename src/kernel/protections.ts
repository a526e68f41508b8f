/**
 * The built-in protections: what seccomp closes in every run, on top of Landlock. Data only; `compile/filter.ts` makes
 * the filter, `tools/gen-protections.ts` the page `docs/protections.md`.
 *
 * Not in the table, because nothing opens them: a foreign architecture, and x32, end the process.
 */

import { EACCES, EAFNOSUPPORT, ENOSYS, EOPNOTSUPP, EPERM, EPROTONOSUPPORT } from "./errno.ts";
import { O_CREAT } from "./file.ts";

/**
 * A test on one argument of a system call. The kernel takes most arguments as 32 bits and ignores the upper half of the
 * register, and so does every test but `non_null`, which looks at all 64 bits of a pointer.
 */
export type ArgTest =
  | {
      readonly arg: number;
      /** Applied to the argument first; every bit if absent. */
      readonly mask?: number;
      readonly is: "one_of" | "none_of";
      readonly values: readonly number[];
    }
  | { readonly arg: number; readonly is: "non_null" };

/** Calls that are closed: any of `syscalls` whose arguments pass all `tests`. */
export interface SyscallMatch {
  readonly syscalls: readonly string[];
  readonly tests?: readonly ArgTest[];
  /** The tests in words, after the calls' names: `with a CLONE_NEW* flag`. Wherever there are tests. */
  readonly which?: string;
}

/** What a policy may say that makes a line apply. `compile/conditions.ts` tells which of them it says. */
export type PolicyCondition =
  /** Some layer handles the right `execute`. */
  | "execute"
  /** Any network right is handled. */
  | "net"
  /** Both rights on TCP are handled, and no port is granted either. */
  | "no_tcp"
  /** `bind_tcp` is handled, no port is granted it, and TCP sockets can be made. */
  | "no_bind"
  /** The scope `signal` isn't opened. */
  | "signal"
  /** `[seccomp] deny` names `socket`. */
  | "no_socket"
  /** Both rights on UDP are handled, no port is granted either, and this kernel's Landlock has none (ABI 10). */
  | "no_udp"
  /** `resolve_unix` is handled, granted nowhere, and this kernel's Landlock has none (ABI 9). */
  | "no_unix"
  /** `truncate` is handled, and this kernel's Landlock has none (ABI 3). */
  | "no_truncate";

export interface Protection {
  /** What `[seccomp] allow` takes to open this line. The name of a system call opens that call in every line. */
  readonly name: string;
  readonly matches: readonly SyscallMatch[];
  /** Also closes every call that is newer than the system call table. */
  readonly unknown?: true;
  readonly errno: number;
  readonly when: "always" | PolicyCondition;
  /** One sentence: what it would undo. */
  readonly reason: string;
}

/** CLONE_NEW* of linux/sched.h without CLONE_NEWTIME, whose bit is part of the exit signal in clone(2). */
const CLONE_NEW = 0x7e020000;
const CLONE_NEWTIME = 0x80;
const MSG_FASTOPEN = 0x20000000;
const MFD_NOEXEC_SEAL = 0x8;
/** S_ISUID | S_ISGID of linux/stat.h. */
const SET_ID_BITS = 0o6000;
/** Without O_DIRECTORY, whose bit differs between architectures: the kernel takes no O_TMPFILE without both. */
const O_TMPFILE_ALONE = 0o20000000;
/** O_RDONLY | O_TRUNC: the same bits on both architectures. */
const O_ACCMODE = 0o3;
const O_TRUNC = 0o1000;
/** linux/fcntl.h; who is owner by F_SETOWN is a process group where it is negative. */
const F_SETOWN = 8;
const F_SETOWN_EX = 15;
const SIGN_BIT = 0x80000000;
/** asm-generic/sockios.h */
const FIOSETOWN = 0x8901;
const SIOCSPGRP = 0x8902;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** The last is AF_NETLINK. */
const FAMILIES = [AF_UNIX, AF_INET, AF_INET6, 16];
const SOCK_TYPE_MASK = 0xf;
/** SOCK_STREAM, SOCK_SEQPACKET: the types of pairs that stay connected. AF_UNIX takes SOCK_RAW for SOCK_DGRAM. */
const PAIRED_TYPES = [1, 5];
/** SOCK_STREAM, SOCK_DGRAM, SOCK_RAW. */
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
/** The type's own, UDP. ICMP has datagram sockets too, which no right concerns. */
const UDP_PROTOCOLS = [0, 17];
const IP_TYPES = [SOCK_STREAM, 2, 3];
/** The type's own, ICMP, TCP, UDP, ICMPv6. */
const IP_PROTOCOLS = [0, 1, 6, 17, 58];

/** Any bit of the mask. */
function some(arg: number, mask: number): ArgTest {
  return { arg, mask, is: "none_of", values: [0] };
}

/** The mode of an open means something only where it makes a file. */
function makesSetId(flags: number, mode: number): readonly ArgTest[] {
  return [some(flags, O_CREAT | O_TMPFILE_ALONE), some(mode, SET_ID_BITS)];
}

const WITH_SET_ID = "with a setuid or setgid bit";
const MAKING_SET_ID = `that makes a file ${WITH_SET_ID}`;

const IS_IP: ArgTest = { arg: 0, is: "one_of", values: [AF_INET, AF_INET6] };

function truncatesReadOnly(flags: number): ArgTest {
  return { arg: flags, mask: O_ACCMODE | O_TRUNC, is: "one_of", values: [O_TRUNC] };
}

/** In the order in which they are tested: the first line that matches a call answers it. */
export const PROTECTIONS: readonly Protection[] = [
  {
    name: "unknown_syscalls",
    matches: [],
    unknown: true,
    errno: ENOSYS,
    when: "always",
    reason: "A call that is newer than landlockd was never examined, and programs expect ENOSYS on older kernels.",
  },
  {
    name: "io_uring",
    matches: [{ syscalls: ["io_uring_setup", "io_uring_enter", "io_uring_register"] }],
    errno: ENOSYS,
    when: "always",
    reason: "A ring carries out system calls that no seccomp filter sees, so every other line would fall with it.",
  },
  {
    name: "clone3",
    matches: [{ syscalls: ["clone3"] }],
    errno: ENOSYS,
    when: "always",
    reason: "Its flags are in memory, where a filter can't read them; C libraries fall back to clone.",
  },
  {
    name: "namespaces",
    matches: [
      { syscalls: ["setns"] },
      {
        syscalls: ["clone"],
        tests: [some(0, CLONE_NEW)],
        which: "with a CLONE_NEW* flag",
      },
      {
        syscalls: ["unshare"],
        tests: [some(0, CLONE_NEW | CLONE_NEWTIME)],
        which: "with a CLONE_NEW* flag",
      },
    ],
    errno: EPERM,
    when: "always",
    reason: "A new user namespace hands out every capability inside it, and with them most of the kernel's code.",
  },
  {
    name: "mounts",
    matches: [
      {
        syscalls: ["mount", "umount2", "pivot_root", "chroot", "open_tree", "open_tree_attr", "move_mount"],
      },
      { syscalls: ["fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"] },
    ],
    errno: EPERM,
    when: "always",
    reason: "They change what a path means; Landlock forbids a part of them, in policies that handle files.",
  },
  {
    name: "open_by_handle_at",
    matches: [{ syscalls: ["open_by_handle_at"] }],
    errno: EPERM,
    when: "always",
    reason: "It opens a file without a path to it.",
  },
  {
    name: "chmod.set_id",
    matches: [
      { syscalls: ["chmod", "fchmod"], tests: [some(1, SET_ID_BITS)], which: WITH_SET_ID },
      { syscalls: ["fchmodat", "fchmodat2"], tests: [some(2, SET_ID_BITS)], which: WITH_SET_ID },
    ],
    errno: EPERM,
    when: "always",
    reason: "Landlock has no right for modes: a run could leave any program of its user's to others as a setuid one.",
  },
  {
    name: "create.set_id",
    matches: [
      { syscalls: ["open"], tests: makesSetId(1, 2), which: MAKING_SET_ID },
      { syscalls: ["openat"], tests: makesSetId(2, 3), which: MAKING_SET_ID },
      { syscalls: ["creat", "mknod"], tests: [some(1, SET_ID_BITS)], which: WITH_SET_ID },
      { syscalls: ["mknodat"], tests: [some(2, SET_ID_BITS)], which: WITH_SET_ID },
    ],
    errno: EPERM,
    when: "always",
    reason: "A file that is made setgid can become such a program without chmod: an ACL lets others execute it.",
  },
  {
    name: "openat2",
    matches: [{ syscalls: ["openat2"] }],
    errno: ENOSYS,
    when: "always",
    reason: "Its mode is in memory, where a filter can't read it; programs fall back to openat.",
  },
  {
    name: "process_access",
    matches: [
      { syscalls: ["ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "process_madvise", "kcmp"] },
    ],
    errno: EPERM,
    when: "always",
    reason: "They read, write and steer other processes; Landlock already keeps them to the sandbox's own.",
  },
  {
    name: "prlimit64.set_other",
    matches: [
      {
        syscalls: ["prlimit64"],
        tests: [
          { arg: 0, is: "none_of", values: [0] },
          { arg: 2, is: "non_null" },
        ],
        which: "with a new limit and a pid other than 0",
      },
    ],
    errno: EPERM,
    when: "always",
    reason: "A limit of CPU time kills any process of the same user, landlockd included, past the signal scope.",
  },
  {
    name: "sysv_ipc",
    matches: [
      { syscalls: ["shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl"] },
      { syscalls: ["semget", "semop", "semtimedop", "semctl"] },
    ],
    errno: ENOSYS,
    when: "always",
    reason: "It reaches into the memory and queues of the user's programs outside, by number, past every path.",
  },
  {
    name: "posix_mq",
    matches: [{ syscalls: ["mq_open", "mq_unlink"] }],
    errno: ENOSYS,
    when: "always",
    reason: "Queues of the user's programs outside: Landlock never checks mq_unlink, mq_open only with file rights.",
  },
  {
    name: "keys",
    matches: [{ syscalls: ["keyctl", "add_key", "request_key"] }],
    errno: EPERM,
    when: "always",
    reason: "Keyrings are shared with programs outside, and KEYCTL_SESSION_TO_PARENT shed Landlock (CVE-2024-42318).",
  },
  {
    name: "memfd_create.exec",
    matches: [
      {
        syscalls: ["memfd_create"],
        tests: [{ arg: 1, mask: MFD_NOEXEC_SEAL, is: "one_of", values: [0] }],
        which: "without MFD_NOEXEC_SEAL",
      },
    ],
    errno: EACCES,
    when: "execute",
    reason: "Landlock lets every memfd be executed, so a program need only be copied into one.",
  },
  {
    name: "ioctl.TIOCSTI",
    matches: [{ syscalls: ["ioctl"], tests: [{ arg: 1, is: "one_of", values: [TIOCSTI] }], which: "TIOCSTI" }],
    errno: EPERM,
    when: "always",
    reason: "It types into the terminal that the sandbox shares with the shell outside.",
  },
  {
    name: "ioctl.TIOCLINUX",
    matches: [{ syscalls: ["ioctl"], tests: [{ arg: 1, is: "one_of", values: [TIOCLINUX] }], which: "TIOCLINUX" }],
    errno: EPERM,
    when: "always",
    reason: "It pastes into a virtual console, which is typing too.",
  },
  {
    name: "fcntl.F_SETOWN",
    matches: [
      {
        syscalls: ["fcntl"],
        tests: [{ arg: 1, is: "one_of", values: [F_SETOWN] }, some(2, SIGN_BIT)],
        which: "F_SETOWN to a process group",
      },
      { syscalls: ["fcntl"], tests: [{ arg: 1, is: "one_of", values: [F_SETOWN_EX] }], which: "F_SETOWN_EX" },
    ],
    errno: EPERM,
    when: "signal",
    reason: "Linux up to 7.1.4 sends such a group any signal, past the signal scope (CVE-2026-72183).",
  },
  {
    name: "ioctl.FIOSETOWN",
    matches: [
      {
        syscalls: ["ioctl"],
        tests: [{ arg: 1, is: "one_of", values: [FIOSETOWN, SIOCSPGRP] }],
        which: "FIOSETOWN and SIOCSPGRP",
      },
    ],
    errno: EPERM,
    when: "signal",
    reason: "F_SETOWN of sockets by other names, with the owner in memory, where a filter can't read it.",
  },
  {
    name: "truncate.path",
    matches: [
      { syscalls: ["truncate"] },
      { syscalls: ["open"], tests: [truncatesReadOnly(1)], which: "for reading, with O_TRUNC" },
      { syscalls: ["openat"], tests: [truncatesReadOnly(2)], which: "for reading, with O_TRUNC" },
    ],
    errno: EACCES,
    when: "no_truncate",
    reason: "They empty a file that may not be written to; what may be written is truncated by its descriptor.",
  },
  {
    name: "send.MSG_FASTOPEN",
    matches: [
      {
        syscalls: ["sendto", "sendmmsg"],
        tests: [some(3, MSG_FASTOPEN)],
        which: "with MSG_FASTOPEN",
      },
      {
        syscalls: ["sendmsg"],
        tests: [some(2, MSG_FASTOPEN)],
        which: "with MSG_FASTOPEN",
      },
    ],
    errno: EOPNOTSUPP,
    when: "net",
    reason: "TCP Fast Open connects without connect(2), past every connect_tcp rule.",
  },
  {
    name: "socket.ip_protocols",
    matches: [
      {
        syscalls: ["socket"],
        tests: [IS_IP, { arg: 2, is: "none_of", values: IP_PROTOCOLS }],
        which: "of IPv4 or IPv6 with a protocol other than TCP, UDP, ICMP",
      },
      {
        syscalls: ["socket"],
        tests: [IS_IP, { arg: 1, mask: SOCK_TYPE_MASK, is: "none_of", values: IP_TYPES }],
        which: "of IPv4 or IPv6 with a type other than SOCK_STREAM, SOCK_DGRAM, SOCK_RAW",
      },
    ],
    errno: EPROTONOSUPPORT,
    when: "net",
    reason: "MPTCP, SMC and SCTP carry what a TCP rule is meant to stop, and Landlock doesn't see them.",
  },
  {
    name: "socket.tcp",
    matches: [
      {
        syscalls: ["socket"],
        tests: [IS_IP, { arg: 1, mask: SOCK_TYPE_MASK, is: "one_of", values: [SOCK_STREAM] }],
        which: "of IPv4 or IPv6 with SOCK_STREAM",
      },
    ],
    errno: EACCES,
    when: "no_tcp",
    reason: "It could do nothing but listen on a port that the kernel picks, past bind_tcp.",
  },
  {
    name: "socket.udp",
    matches: [
      {
        syscalls: ["socket"],
        tests: [
          IS_IP,
          { arg: 1, mask: SOCK_TYPE_MASK, is: "one_of", values: [SOCK_DGRAM] },
          { arg: 2, is: "one_of", values: UDP_PROTOCOLS },
        ],
        which: "of IPv4 or IPv6 for UDP",
      },
    ],
    errno: EACCES,
    when: "no_udp",
    reason: "It stands in for the rights on UDP where the kernel lacks them: no port could be bound or sent to.",
  },
  {
    name: "socket.unix",
    matches: [
      {
        syscalls: ["socket"],
        tests: [{ arg: 0, is: "one_of", values: [AF_UNIX] }],
        which: "of UNIX",
      },
      {
        syscalls: ["socketpair"],
        tests: [{ arg: 1, mask: SOCK_TYPE_MASK, is: "none_of", values: PAIRED_TYPES }],
        which: "with a type other than SOCK_STREAM, SOCK_SEQPACKET",
      },
    ],
    errno: EACCES,
    when: "no_unix",
    reason: "It stands in for resolve_unix where the kernel lacks it; it can't tell the run's own servers from others.",
  },
  {
    name: "listen",
    matches: [{ syscalls: ["listen"] }],
    errno: EACCES,
    when: "no_bind",
    reason: "On a TCP socket without an address it takes a port that the kernel picks, past bind_tcp.",
  },
  {
    name: "socketpair.datagram",
    matches: [
      {
        syscalls: ["socketpair"],
        tests: [{ arg: 1, mask: SOCK_TYPE_MASK, is: "none_of", values: PAIRED_TYPES }],
        which: "with a type other than SOCK_STREAM, SOCK_SEQPACKET",
      },
    ],
    errno: EAFNOSUPPORT,
    when: "no_socket",
    reason: "A datagram socket of a pair sends to, and connects to, any other that has a path, descriptors included.",
  },
  {
    name: "socket.families",
    matches: [
      {
        syscalls: ["socket", "socketpair"],
        tests: [{ arg: 0, is: "none_of", values: FAMILIES }],
        which: "of a family other than UNIX, IPv4, IPv6, netlink",
      },
    ],
    errno: EAFNOSUPPORT,
    when: "always",
    reason: "AF_VSOCK reaches the host of a virtual machine, AF_SMC is TCP by another name; the rest is rare code.",
  },
  {
    name: "bpf",
    matches: [{ syscalls: ["bpf"] }],
    errno: EPERM,
    when: "always",
    reason: "It loads code into the kernel.",
  },
  {
    name: "perf_event_open",
    matches: [{ syscalls: ["perf_event_open"] }],
    errno: EPERM,
    when: "always",
    reason: "It observes other processes and the kernel.",
  },
  {
    name: "userfaultfd",
    matches: [{ syscalls: ["userfaultfd"] }],
    errno: EPERM,
    when: "always",
    reason: "It holds the kernel in the middle of a copy, which most exploits of races need.",
  },
  {
    name: "syslog",
    matches: [{ syscalls: ["syslog"] }],
    errno: EPERM,
    when: "always",
    reason: "It reads the kernel's log, whatever the policy says of /dev/kmsg.",
  },
  {
    name: "kernel_code",
    matches: [{ syscalls: ["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"] }],
    errno: EPERM,
    when: "always",
    reason: "They replace the kernel or parts of it.",
  },
];

/** Every name that `[seccomp] allow` may hold: the lines' names, and the system calls that any line closes. */
export function protectionNames(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const protection of PROTECTIONS) {
    names.add(protection.name);
    for (const match of protection.matches) for (const syscall of match.syscalls) names.add(syscall);
  }
  return names;
}
