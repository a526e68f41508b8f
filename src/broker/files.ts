/**
 * System calls on files, as the broker needs them: paths are binary strings (a character is a byte), results are
 * >= 0 or -errno, every fd is close-on-exec and owned by the caller of the function.
 */

import { EAGAIN, EINTR, ENAMETOOLONG } from "../kernel/errno.ts";
import {
  ARCH_FLAGS,
  AT_EMPTY_PATH,
  AT_STATX_DONT_SYNC,
  O_CLOEXEC,
  OPEN_HOW_SIZE_BYTES,
  PATH_MAX,
  RESOLVE_CACHED,
  STATX_INO,
  STATX_MNT_ID,
  STATX_MODE,
  STATX_NLINK,
  STATX_SIZE,
  STATX_SIZE_BYTES,
  STATX_TYPE,
  STX_DEV_MAJOR_AT,
  STX_DEV_MINOR_AT,
  STX_INO_AT,
  STX_MNT_ID_AT,
  STX_MODE_AT,
  STX_NLINK_AT,
  STX_SIZE_AT,
} from "../kernel/file.ts";
import { allocate, type Memory } from "../native/memory.ts";
import { ARCH, numberOf, syscall, syscallByNumber } from "../native/syscall.ts";

const NR = {
  openat2: numberOf("openat2"),
  openat: numberOf("openat"),
  close: numberOf("close"),
  statx: numberOf("statx"),
  readlinkat: numberOf("readlinkat"),
  mkdirat: numberOf("mkdirat"),
  mknodat: numberOf("mknodat"),
  unlinkat: numberOf("unlinkat"),
  renameat2: numberOf("renameat2"),
  linkat: numberOf("linkat"),
  symlinkat: numberOf("symlinkat"),
  umask: numberOf("umask"),
  fchmodat: numberOf("fchmodat"),
} as const;

export const O_DIRECTORY: number = ARCH_FLAGS[ARCH].O_DIRECTORY;
export const O_NOFOLLOW: number = ARCH_FLAGS[ARCH].O_NOFOLLOW;
export const O_TMPFILE: number = ARCH_FLAGS[ARCH].O_TMPFILE;

/** openat2 gives up when a rename elsewhere crosses a ".." that RESOLVE_BENEATH must be sure of. */
const ATTEMPTS_MAX = 16;

const first = allocate(PATH_MAX);
const second = allocate(PATH_MAX);
const how = allocate(OPEN_HOW_SIZE_BYTES);
const stats = allocate(STATX_SIZE_BYTES);
const link = allocate(PATH_MAX);

/** The address of a path as C string. */
function place(memory: Memory, path: string): number {
  const size = memory.bytes.latin1Write(path, 0);
  if (size >= PATH_MAX) throw new Error("broker: a path longer than PATH_MAX was made");
  memory.bytes[size] = 0;
  return memory.address;
}

const tooLong = (path: string): boolean => path.length >= PATH_MAX;

/** /proc/self/fd: the way to a pinned object that nobody can change. */
const selfFds = syscall("openat", -100, Buffer.from("/proc/self/fd\0"), O_DIRECTORY | O_CLOEXEC | 0o10000000);

/** openat2(2). */
export function openAt(dirFd: number, path: string, flags: number, mode: number, resolve: number): number {
  if (tooLong(path)) return -ENAMETOOLONG;
  // The upper halves are always 0.
  how.view.setUint32(0, flags | O_CLOEXEC, true);
  how.view.setUint32(8, mode, true);
  how.view.setUint32(16, resolve, true);
  const address = place(first, path);
  for (let attempt = 1; ; attempt++) {
    const fd = syscallByNumber(NR.openat2, dirFd, address, how.address, OPEN_HOW_SIZE_BYTES);
    if ((fd !== -EAGAIN && fd !== -EINTR) || attempt === ATTEMPTS_MAX || resolve === 0) return fd;
    if ((resolve & RESOLVE_CACHED) !== 0) return fd;
  }
}

/** Opens a pinned object itself, whatever its path is by now. `flags` without O_CREAT, O_EXCL, O_NOFOLLOW. */
export function reopen(pin: number, flags: number, mode: number): number {
  return syscallByNumber(NR.openat, selfFds, place(first, String(pin)), flags | O_CLOEXEC, mode);
}

/** openat(2) with a path that this module's user made itself: /proc/PID/cwd. */
export function openOwn(path: string, flags: number): number {
  return syscallByNumber(NR.openat, -100, place(first, path), flags | O_CLOEXEC, 0);
}

export function close(fd: number): void {
  if (fd >= 0) syscallByNumber(NR.close, fd);
}

/** What a file is, beside its names. */
export interface FileStat {
  /** S_IFMT and permission bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly size: number;
  /** Two numbers each, because an inode's number has 64 bits. */
  readonly inode: number;
  readonly inodeHigh: number;
  readonly device: number;
  readonly deviceMinor: number;
  readonly mount: number;
}

const TWO_32 = 0x1_0000_0000;

/** Reads a struct statx. */
export function fileStat(view: DataView): FileStat {
  return {
    nlink: view.getUint32(STX_NLINK_AT, true),
    mode: view.getUint16(STX_MODE_AT, true),
    inode: view.getUint32(STX_INO_AT, true),
    inodeHigh: view.getUint32(STX_INO_AT + 4, true),
    size: view.getUint32(STX_SIZE_AT + 4, true) * TWO_32 + view.getUint32(STX_SIZE_AT, true),
    device: view.getUint32(STX_DEV_MAJOR_AT, true),
    deviceMinor: view.getUint32(STX_DEV_MINOR_AT, true),
    mount: view.getUint32(STX_MNT_ID_AT + 4, true) * TWO_32 + view.getUint32(STX_MNT_ID_AT, true),
  };
}

const STATX_MASK = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_SIZE | STATX_MNT_ID;

/** statx(2) of an fd; undefined if it can't be told. */
export function statFd(fd: number): FileStat | undefined {
  const flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  const result = syscallByNumber(NR.statx, fd, place(first, ""), flags, STATX_MASK, stats.address);
  return result < 0 ? undefined : fileStat(stats.view);
}

/** statx(2) by path, magic links and all: good for a "no" only. -errno if there is nothing. */
export function statPath(dirFd: number, path: string, flags: number): FileStat | number {
  if (tooLong(path)) return -ENAMETOOLONG;
  const all = flags | AT_STATX_DONT_SYNC;
  const result = syscallByNumber(NR.statx, dirFd, place(first, path), all, STATX_MASK, stats.address);
  return result < 0 ? result : fileStat(stats.view);
}

export function sameFile(one: FileStat, other: FileStat): boolean {
  return (
    one.inode === other.inode &&
    one.inodeHigh === other.inodeHigh &&
    one.device === other.device &&
    one.deviceMinor === other.deviceMinor
  );
}

function readLinkInto(dirFd: number, path: string): string | undefined {
  const size = syscallByNumber(NR.readlinkat, dirFd, place(first, path), link.address, PATH_MAX);
  // As long as the buffer: cut off.
  return size < 0 || size >= PATH_MAX ? undefined : link.bytes.latin1Slice(0, size);
}

/** Where an open file is now (proc_pid_fd(5)); " (deleted)" at the end of what is nowhere. */
export function pathOfFd(fd: number): string | undefined {
  return readLinkInto(selfFds, String(fd));
}

/** readlink(2) of a path that this module's user made itself: /proc/PID/cwd. */
export function readOwnLink(path: string): string | undefined {
  return readLinkInto(-100, path);
}

export function readLinkAt(dirFd: number, name: string): string | undefined {
  return readLinkInto(dirFd, name);
}

/** A system call that changes folders. Of its arguments, strings are paths: at most two. */
export interface Change {
  readonly call: "mkdirat" | "mknodat" | "unlinkat" | "renameat2" | "linkat" | "symlinkat";
  readonly args: readonly (number | string)[];
  /** The fds among the arguments. */
  readonly fds: readonly number[];
}

/** Makes such a call. */
export function changeAt({ call, args }: Change): number {
  let memory = first;
  const values = args.map((each) => {
    if (typeof each === "number") return each;
    const address = place(memory, each);
    memory = second;
    return address;
  });
  return syscallByNumber(NR[call], ...values);
}

export function mkdirAt(dirFd: number, name: string, mode: number): number {
  return syscallByNumber(NR.mkdirat, dirFd, place(first, name), mode);
}

export function unlinkAt(dirFd: number, name: string, flags: number): number {
  return syscallByNumber(NR.unlinkat, dirFd, place(first, name), flags);
}

export function renameAt(oldFd: number, oldName: string, newFd: number, newName: string, flags: number): number {
  const address = place(first, oldName);
  return syscallByNumber(NR.renameat2, oldFd, address, newFd, place(second, newName), flags);
}

export function linkAt(oldFd: number, oldName: string, newFd: number, newName: string, flags: number): number {
  const address = place(first, oldName);
  return syscallByNumber(NR.linkat, oldFd, address, newFd, place(second, newName), flags);
}

export function symlinkAt(target: string, dirFd: number, name: string): number {
  const address = place(first, target);
  return syscallByNumber(NR.symlinkat, address, dirFd, place(second, name));
}

/** umask(2) of this process. */
export function setUmask(mask: number): void {
  syscallByNumber(NR.umask, mask);
}

/** chmod(2) of a pinned object. */
export function changeMode(pin: number, mode: number): number {
  return syscallByNumber(NR.fchmodat, selfFds, place(first, String(pin)), mode);
}
