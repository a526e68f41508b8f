/**
 * Files by raw system calls, for what every run does: `node:fs` alone takes 1.5 ms to load, a quarter of the time in
 * which an empty Bun executable is done.
 */

import { EINTR } from "../kernel/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
  O_RDONLY,
  PATH_MAX,
  RESOLVE_NO_SYMLINKS,
  S_IFMT,
  STATX_MODE,
  STATX_MTIME,
  STATX_SIZE,
  STATX_SIZE_BYTES,
  STATX_TYPE,
  STATX_UID,
  STX_MODE_AT,
  STX_MTIME_AT,
  STX_SIZE_AT,
  STX_UID_AT,
} from "../kernel/file.ts";
import { cString, syscall } from "./syscall.ts";

type PathName = string | Uint8Array;

/** Opens, always close-on-exec, never creating. An fd, or -errno. */
export function openFile(path: PathName, flags: number): number {
  return syscall("openat", AT_FDCWD, cString(path), flags | O_CLOEXEC);
}

/** What to do where it is ENOSYS: every kernel with Landlock has it. */
export const OPENAT2_IN_A_SANDBOX: string =
  'landlockd in a run of landlockd needs openat2 for this: `[seccomp] allow = ["openat2"]` in the outer policy';

/** Opens without following any symlink on the way; openat2(2). An fd, or -errno. */
export function openPlain(dirFd: number, path: string, flags: number, mode: number = 0): number {
  const how = new BigUint64Array([BigInt(flags | O_CLOEXEC), BigInt(mode), BigInt(RESOLVE_NO_SYMLINKS)]);
  return syscall("openat2", dirFd, cString(path), how, how.byteLength);
}

export function closeFile(fd: number): void {
  syscall("close", fd);
}

/** What statx(2) tells; type is S_IF*. */
export interface FileStatus {
  readonly type: number;
  /** Permission bits, with the set-id ones. */
  readonly permissions: number;
  readonly uid: number;
  readonly sizeBytes: number;
  /** Seconds since the epoch. */
  readonly modified: number;
}

const ASKED = STATX_TYPE | STATX_MODE | STATX_UID | STATX_SIZE | STATX_MTIME;

function status(fd: number, path: Uint8Array, flags: number): FileStatus | number {
  const bytes = new Uint8Array(STATX_SIZE_BYTES);
  const result = syscall("statx", fd, path, flags, ASKED, bytes);
  if (result < 0) return result;
  const view = new DataView(bytes.buffer);
  const mode = view.getUint16(STX_MODE_AT, true);
  return {
    type: mode & S_IFMT,
    permissions: mode & 0o7777,
    uid: view.getUint32(STX_UID_AT, true),
    sizeBytes: view.getUint32(STX_SIZE_AT, true) + view.getUint32(STX_SIZE_AT + 4, true) * 2 ** 32,
    modified: view.getUint32(STX_MTIME_AT, true) + view.getInt32(STX_MTIME_AT + 4, true) * 2 ** 32,
  };
}

/** Of the file at a path, symlinks followed; or -errno. */
export function statusAt(path: PathName): FileStatus | number {
  return status(AT_FDCWD, cString(path), 0);
}

/** Of a name in an open folder, a symlink not followed; or -errno. */
export function statusIn(folderFd: number, name: string): FileStatus | number {
  return status(folderFd, cString(name), AT_SYMLINK_NOFOLLOW);
}

/** Of the open file behind an fd, O_PATH or not; or -errno. */
export function statusOf(fd: number): FileStatus | number {
  return status(fd, new Uint8Array(1), AT_EMPTY_PATH);
}

const X_OK = 1;
const W_OK = 2;

/** Whether access(2) says that this process may write the file, or make names in the folder. */
export function isWritable(path: PathName): boolean {
  return syscall("faccessat", AT_FDCWD, cString(path), W_OK) === 0;
}

/** Whether access(2) says that this process may execute the file. */
export function isExecutable(path: PathName): boolean {
  return syscall("faccessat", AT_FDCWD, cString(path), X_OK) === 0;
}

/** Reads until the buffer is full or the file ends. How many bytes, or -errno. */
export function readInto(fd: number, buffer: Uint8Array): number {
  let length = 0;
  while (length < buffer.length) {
    const count = syscall("read", fd, buffer.subarray(length), buffer.length - length);
    if (count === -EINTR) continue;
    if (count < 0) return count;
    if (count === 0) break;
    length += count;
  }
  return length;
}

/** A small file whole, in /proc as a rule, as latin1; undefined where it can't be read. */
export function readText(path: PathName): string | undefined {
  const fd = openFile(path, O_RDONLY);
  if (fd < 0) return undefined;
  const buffer = new Uint8Array(16_384);
  const length = readInto(fd, buffer);
  closeFile(fd);
  return length < 0 ? undefined : String.fromCharCode(...buffer.subarray(0, length));
}

/** In struct linux_dirent64, the same on every architecture: u64 ino, s64 off, u16 reclen, u8 type, then the name. */
const D_RECLEN_AT = 16;
const D_NAME_AT = 19;

/** The names in an open folder, from where it stands, as latin1, without "." and ".."; undefined if they can't be read. */
export function namesIn(fd: number): string[] | undefined {
  const names: string[] = [];
  const buffer = new Uint8Array(32 * 1024);
  const view = new DataView(buffer.buffer);
  for (;;) {
    const size = syscall("getdents64", fd, buffer, buffer.length);
    if (size < 0) return undefined;
    if (size === 0) return names;
    for (let at = 0; at < size; at += view.getUint16(at + D_RECLEN_AT, true)) {
      const start = at + D_NAME_AT;
      const name = String.fromCharCode(...buffer.subarray(start, buffer.indexOf(0, start)));
      if (name !== "." && name !== "..") names.push(name);
    }
  }
}

/** As Buffer's toString, without what Buffer's first use costs a start. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The real path of an existing folder or file, without symlinks; undefined where there is none. */
export function realPath(path: PathName): string | undefined {
  const fd = openFile(path, O_PATH);
  if (fd < 0) return undefined;
  const target = new Uint8Array(PATH_MAX);
  const length = syscall("readlinkat", AT_FDCWD, cString(`/proc/self/fd/${fd}`), target, target.length);
  closeFile(fd);
  return length > 0 && length < target.length ? decoder.decode(target.subarray(0, length)) : undefined;
}
