/** Seccomp and classic BPF as the kernel's UAPI has them. Source: linux/seccomp.h, linux/filter.h, linux/bpf_common.h. */

/** What a filter returns: the action in the upper 16 bits, its data (an errno) in the lower. */
export const SECCOMP_RET_KILL_PROCESS = 0x80000000;
export const SECCOMP_RET_ERRNO = 0x00050000;
export const SECCOMP_RET_USER_NOTIF = 0x7fc00000;
export const SECCOMP_RET_ALLOW = 0x7fff0000;

/** Offsets in struct seccomp_data, bytes. */
export const SECCOMP_DATA_NR = 0;
export const SECCOMP_DATA_ARCH = 4;
export const SECCOMP_DATA_ARGS = 16;

/** Longest classic BPF program; seccomp(2) refuses a longer one with EINVAL. Source: linux/bpf_common.h. */
export const BPF_MAXINSNS = 4096;

/** sizeof(struct sock_filter): u16 code, u8 jt, u8 jf, u32 k. */
export const SOCK_FILTER_SIZE_BYTES = 8;

/** The instructions that landlockd's filters are made of, as complete opcodes. */
export const BPF = {
  /** BPF_LD | BPF_W | BPF_ABS: accumulator = 32 bits of seccomp_data at k. */
  LOAD: 0x20 as number,
  /** BPF_ALU | BPF_AND | BPF_K. */
  AND: 0x54 as number,
  /** BPF_JMP | BPF_JA: skip k instructions. */
  JUMP: 0x05 as number,
  /** BPF_JMP | BPF_JEQ | BPF_K. */
  JUMP_EQUAL: 0x15 as number,
  /** BPF_JMP | BPF_JGE | BPF_K, unsigned. */
  JUMP_GREATER_EQUAL: 0x35 as number,
  /** BPF_JMP | BPF_JSET | BPF_K: any bit of k set. */
  JUMP_ANY_BIT: 0x45 as number,
  /** BPF_RET | BPF_K. */
  RETURN: 0x06 as number,
} as const;

/** ioctl(2) on a listener. Source: linux/seccomp.h, asm-generic/ioctl.h. */
export const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
export const SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102;
export const SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104;

/** In a response: the kernel runs the call. Never after a check of what the call is about: it may have changed. */
export const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;
/** Linux 6.6: the two sides wake each other on the same CPU. */
export const SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1;

/** sizeof struct seccomp_notif_resp. */
export const SECCOMP_NOTIF_SIZE_BYTES = 80;
export const SECCOMP_NOTIF_RESP_SIZE_BYTES = 24;
