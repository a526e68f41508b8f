/**
 * Constants of files and paths as the kernel's UAPI has them. Source: asm-generic/fcntl.h, arch/arm64 asm/fcntl.h,
 * linux/fcntl.h, linux/openat2.h, linux/stat.h, linux/fs.h, linux/magic.h.
 */

import type { Arch } from "./syscalls.ts";

export const O_ACCMODE = 0o3;
export const O_RDONLY = 0o0;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** The flags whose value differs between architectures. */
export interface ArchFlags {
  readonly O_DIRECTORY: number;
  readonly O_NOFOLLOW: number;
  readonly O_LARGEFILE: number;
  /** With O_DIRECTORY in it, as open(2) wants it. */
  readonly O_TMPFILE: number;
}

export const ARCH_FLAGS: Readonly<Record<Arch, ArchFlags>> = {
  x86_64: { O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000, O_LARGEFILE: 0o100000, O_TMPFILE: 0o20200000 },
  aarch64: { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000, O_LARGEFILE: 0o400000, O_TMPFILE: 0o20040000 },
};

export const F_DUPFD_CLOEXEC = 1030;

export const AT_FDCWD = -100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;
export const AT_STATX_DONT_SYNC = 0x4000;

export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;
export const RESOLVE_CACHED = 0x20;

/** sizeof(struct open_how): u64 flags, mode, resolve. */
export const OPEN_HOW_SIZE_BYTES = 24;

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const RENAME_WHITEOUT = 4;

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;

export const STATX_TYPE = 0x1;
export const STATX_MODE = 0x2;
export const STATX_NLINK = 0x4;
export const STATX_UID = 0x8;
export const STATX_MTIME = 0x40;
export const STATX_INO = 0x100;
export const STATX_SIZE = 0x200;
export const STATX_BTIME = 0x800;
export const STATX_MNT_ID = 0x1000;

/** sizeof(struct statx), and where its members are; the same on every architecture. */
export const STATX_SIZE_BYTES = 256;
export const STX_NLINK_AT = 16;
export const STX_UID_AT = 20;
export const STX_MODE_AT = 28;
export const STX_INO_AT = 32;
export const STX_SIZE_AT = 40;
/** struct statx_timestamp: s64 seconds, u32 nanoseconds. */
export const STX_BTIME_AT = 80;
export const STX_MTIME_AT = 112;
export const STX_DEV_MAJOR_AT = 136;
export const STX_DEV_MINOR_AT = 140;
export const STX_MNT_ID_AT = 144;

/** Longest path with its NUL. */
export const PATH_MAX = 4096;
