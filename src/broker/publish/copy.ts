/** Copies of trees, walked by fds, and what they were made from: that is removed afterwards, and nothing else. */

import { EIO, ELOOP, ENOENT, EPERM } from "../../kernel/errno.ts";
import {
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_STATX_DONT_SYNC,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  STATX_BTIME,
  STATX_INO,
  STATX_MTIME,
  STATX_SIZE_BYTES,
  STX_BTIME_AT,
  STX_DEV_MAJOR_AT,
  STX_INO_AT,
  STX_MTIME_AT,
} from "../../kernel/file.ts";
import { namesIn } from "../../native/file.ts";
import { startCopy } from "../../native/helper.ts";
import { allocate } from "../../native/memory.ts";
import { syscall } from "../../native/syscall.ts";
import {
  close,
  type FileStat,
  mkdirAt,
  O_DIRECTORY,
  O_NOFOLLOW,
  openAt,
  readLinkAt,
  setUmask,
  statFd,
  symlinkAt,
  unlinkAt,
} from "../files.ts";
import { isDirectory } from "../roots.ts";
import type { Pace, Steps } from "../steps.ts";
import { DEPTH_MAX, openFolder, pinEntry, RESOLVE_ENTRY, statEntry } from "./tree.ts";

const statBuffer = allocate(STATX_SIZE_BYTES);
const empty = allocate(1);

/**
 * Files by what they are: filesystem, inode, and when that was made, where the filesystem tells. The number of a file
 * that was removed is soon another one's.
 */
export class Originals {
  readonly #known = new Set<string>();

  #identify(fd: number): string | undefined {
    const { view, address } = statBuffer;
    const flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
    if (syscall("statx", fd, empty.address, flags, STATX_INO | STATX_BTIME, address) < 0) return undefined;
    return [
      view.getBigUint64(STX_DEV_MAJOR_AT, true),
      view.getBigUint64(STX_INO_AT, true),
      view.getBigInt64(STX_BTIME_AT, true),
      view.getUint32(STX_BTIME_AT + 8, true),
    ].join(":");
  }

  /** What is open as `fd` was copied. */
  note(fd: number): void {
    const identity = this.#identify(fd);
    if (identity !== undefined) this.#known.add(identity);
  }

  has(fd: number): boolean {
    const identity = this.#identify(fd);
    return identity !== undefined && this.#known.has(identity);
  }
}

/** A copy under way, or the removal of what it was made from. */
export interface Copying {
  /** Told of what was copied. */
  readonly originals: Originals;
  readonly pace: Pace;
  /** Folders above. */
  readonly depth: number;
}

/**
 * Removes what was copied: of a name and of all that is beneath it. Whatever else is there by now stays, and the folders
 * that it is in; so does what has come to lie deeper than anything that is copied. There is no call that removes an object
 * by an fd: what takes a name just after it was looked at is removed in its stead.
 */
export function* removeOriginals(dirFd: number, name: string, copying: Copying): Steps<void> {
  const { originals, pace, depth } = copying;
  yield* pace.step();
  const pin = pinEntry(dirFd, name);
  if (pin < 0) return;
  const stat = originals.has(pin) ? statFd(pin) : undefined;
  close(pin);
  if (stat === undefined) return;
  if (!isDirectory(stat)) {
    unlinkAt(dirFd, name, 0);
    return;
  }
  const fd = depth < DEPTH_MAX ? openFolder(dirFd, name) : -ELOOP;
  if (fd < 0) return;
  try {
    if (!originals.has(fd)) return;
    for (const child of namesIn(fd) ?? []) yield* removeOriginals(fd, child, { ...copying, depth: depth + 1 });
  } finally {
    close(fd);
  }
  unlinkAt(dirFd, name, AT_REMOVEDIR);
}

function* copyFile(fromFd: number, stat: FileStat, toDirFd: number, name: string): Steps {
  const toFd = openAt(toDirFd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600, RESOLVE_ENTRY);
  if (toFd < 0) return toFd;
  try {
    const copied = yield () => startCopy(fromFd, toFd);
    return copied < 0 ? copied : finishCopy(fromFd, toFd, stat);
  } finally {
    close(toFd);
  }
}

const times = allocate(32);

/** Mode and time of the original. */
function finishCopy(fromFd: number, toFd: number, stat: FileStat): number {
  syscall("statx", fromFd, empty.address, AT_EMPTY_PATH, STATX_MTIME, statBuffer.address);
  const seconds = statBuffer.view.getBigInt64(STX_MTIME_AT, true);
  const nanoseconds = BigInt(statBuffer.view.getUint32(STX_MTIME_AT + 8, true));
  for (const at of [0, 16]) {
    times.view.setBigInt64(at, seconds, true);
    times.view.setBigInt64(at + 8, nanoseconds, true);
  }
  syscall("utimensat", toFd, 0, times.address, 0);
  return syscall("fchmod", toFd, stat.mode & 0o1777);
}

function* copyFolder(fromFd: number, stat: FileStat, toDirFd: number, name: string, copying: Copying): Steps {
  setUmask(0o077);
  const made = mkdirAt(toDirFd, name, 0o700);
  const toFd = made < 0 ? made : openFolder(toDirFd, name);
  if (toFd < 0) return toFd;
  try {
    const names = namesIn(fromFd);
    if (names === undefined) return -EIO;
    for (const child of names) {
      const copied = yield* copyTree(fromFd, child, toFd, child, { ...copying, depth: copying.depth + 1 });
      // What went away meanwhile isn't part of it.
      if (copied < 0 && copied !== -ENOENT) return copied;
    }
    return finishCopy(fromFd, toFd, stat) || syscall("fsync", toFd);
  } finally {
    close(toFd);
  }
}

function copyLink(fromDirFd: number, fromName: string, toDirFd: number, toName: string, originals: Originals): number {
  const pin = pinEntry(fromDirFd, fromName);
  const target = pin < 0 ? undefined : readLinkAt(pin, "");
  const made = target === undefined ? -ENOENT : symlinkAt(target, toDirFd, toName);
  if (made === 0) originals.note(pin);
  close(pin);
  return made;
}

/**
 * Copies a name and all that is beneath it, plain files synced. -EPERM for what is never published; links are copied as
 * they are and judged by `judge`.
 */
export function* copyTree(
  fromDirFd: number,
  fromName: string,
  toDirFd: number,
  toName: string,
  copying: Copying,
): Steps {
  const { originals, pace, depth } = copying;
  yield* pace.step();
  const stat = statEntry(fromDirFd, fromName);
  if (typeof stat === "number") return stat;
  const type = stat.mode & S_IFMT;
  if (type === S_IFLNK) return copyLink(fromDirFd, fromName, toDirFd, toName, originals);
  if ((type !== S_IFREG && !isDirectory(stat)) || depth >= DEPTH_MAX) return -EPERM;
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | (isDirectory(stat) ? O_DIRECTORY : 0);
  const fd = openAt(fromDirFd, fromName, flags, 0, RESOLVE_ENTRY);
  if (fd < 0) return fd;
  try {
    // Opened, it is what it is: a FIFO may have taken the file's name.
    const opened = statFd(fd);
    if (opened === undefined || (opened.mode & S_IFMT) !== type) return -EPERM;
    const copied = isDirectory(opened)
      ? yield* copyFolder(fd, opened, toDirFd, toName, copying)
      : yield* copyFile(fd, opened, toDirFd, toName);
    if (copied === 0) originals.note(fd);
    return copied;
  } finally {
    close(fd);
  }
}
