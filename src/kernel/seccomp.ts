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
export const SECCOMP_DATA_SIZE_BYTES = 64;

/** System calls have six arguments of 64 bits each. */
export const SYSCALL_ARGS = 6;

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
