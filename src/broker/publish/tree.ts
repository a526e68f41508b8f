/** Trees of files, walked by fds: removed, and judged whether they may be published. */

import { EIO, ELOOP, ENOENT, EPERM, ETXTBSY } from "../../kernel/errno.ts";
import {
  AT_REMOVEDIR,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../kernel/file.ts";
import { namesIn } from "../../native/file.ts";
import { numberOf, syscallByNumber } from "../../native/syscall.ts";
import {
  changeMode,
  close,
  type FileStat,
  O_DIRECTORY,
  O_NOFOLLOW,
  openAt,
  readLinkAt,
  reopen,
  statFd,
  unlinkAt,
} from "../files.ts";
import { isDirectory } from "../roots.ts";
import type { Pace, Steps } from "../steps.ts";

/** Each level holds an fd. */
export const DEPTH_MAX = 200;
const SET_ID_BITS = 0o6000;

/** One step down, onto nothing but what is there under that name. */
export const RESOLVE_ENTRY: number = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;

export function openFolder(dirFd: number, name: string): number {
  return openAt(dirFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_ENTRY);
}

/** Pins what has a name, its symbolic link not followed; -errno. */
export function pinEntry(dirFd: number, name: string): number {
  return openAt(dirFd, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_ENTRY);
}

/** What a name is, its symbolic link not followed; -errno. */
export function statEntry(dirFd: number, name: string): FileStat | number {
  const pin = pinEntry(dirFd, name);
  if (pin < 0) return pin;
  const stat = statFd(pin);
  close(pin);
  return stat ?? -EIO;
}

/** Removes a name and all that is beneath it. */
export function* removeTree(dirFd: number, name: string, pace: Pace, depth = 0): Steps {
  yield* pace.step();
  const removed = unlinkAt(dirFd, name, 0);
  if (removed === 0 || removed === -ENOENT) return removed;
  const fd = depth < DEPTH_MAX ? openFolder(dirFd, name) : -ELOOP;
  if (fd < 0) return removed;
  try {
    for (const child of namesIn(fd) ?? []) yield* removeTree(fd, child, pace, depth + 1);
  } finally {
    close(fd);
  }
  return unlinkAt(dirFd, name, AT_REMOVEDIR);
}

/** Whether a link in a tree, `depth` folders below its top, leads nowhere but into it, wherever the tree is. */
function staysInside(topFd: number, path: string, target: string, depth: number): boolean {
  const resolved = openAt(topFd, path, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
  close(resolved);
  if (resolved >= 0) return !target.startsWith("/");
  // Leads to nothing yet: steps up first, no more than there are, and then only down.
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  const up = names.findIndex((name) => name !== "..");
  const ups = up < 0 ? names.length : up;
  return resolved === -ENOENT && !target.startsWith("/") && ups <= depth && !names.slice(ups).includes("..");
}

/** A tree whose entries are judged: its top, and where the walk is. */
interface Judged {
  readonly topFd: number;
  readonly dirFd: number;
  readonly name: string;
  /** From the top. */
  readonly path: string;
  readonly depth: number;
  /** The tree is a copy that nobody but the broker ever had. */
  readonly copied: boolean;
}

const fcntl = numberOf("fcntl");
const F_SETLEASE = 1024;
const F_RDLCK = 0;

/**
 * Whether nobody can change a plain file who doesn't open it anew: it has no second name, and neither an fd nor a mapping
 * writes to it, which is when the kernel grants a lease for reading (fcntl(2)). Where there are no leases: false.
 */
function isSettled(pin: number, stat: FileStat): boolean {
  if (stat.nlink !== 1) return false;
  const fd = reopen(pin, O_RDONLY | O_NONBLOCK, 0);
  const settled = fd >= 0 && syscallByNumber(fcntl, fd, F_SETLEASE, F_RDLCK) === 0;
  close(fd);
  return settled;
}

/**
 * Makes sure of a tree that only plain files, folders and links into itself are in it, and takes the setuid and setgid
 * bits away. -EPERM for anything else; -ETXTBSY for a file that can be written without being opened again.
 */
function* judgeEntry(at: Judged, pace: Pace): Steps {
  yield* pace.step();
  const pin = pinEntry(at.dirFd, at.name);
  const stat = pin < 0 ? undefined : statFd(pin);
  const changed = stat !== undefined && (stat.mode & SET_ID_BITS) !== 0 ? changeMode(pin, stat.mode & 0o1777) : 0;
  const type = (stat?.mode ?? 0) & S_IFMT;
  const settled = stat === undefined || type !== S_IFREG || at.copied || isSettled(pin, stat);
  close(pin);
  if (stat === undefined) return pin < 0 ? pin : -EIO;
  if (changed < 0) return changed;
  if (type === S_IFREG) return settled ? 0 : -ETXTBSY;
  if (type === S_IFLNK) {
    const target = readLinkAt(at.dirFd, at.name);
    return target !== undefined && staysInside(at.topFd, at.path, target, at.depth) ? 0 : -EPERM;
  }
  if (!isDirectory(stat)) return -EPERM;
  return yield* judgeFolder({ ...at, depth: at.depth + 1 }, pace);
}

function* judgeFolder(at: Judged, pace: Pace): Steps {
  const fd = at.depth < DEPTH_MAX ? openFolder(at.dirFd, at.name) : -ELOOP;
  if (fd < 0) return fd;
  try {
    const names = namesIn(fd);
    if (names === undefined) return -EIO;
    for (const name of names) {
      const judged = yield* judgeEntry(
        { ...at, dirFd: fd, name, path: at.path === "" ? name : `${at.path}/${name}` },
        pace,
      );
      if (judged < 0) return judged;
    }
    return 0;
  } finally {
    close(fd);
  }
}

/**
 * Whether what has this name may be published: 0, -EPERM, -ETXTBSY where only a copy may (never of what is `copied`), or
 * why it can't be told. A link by itself leads outside.
 */
export function* judge(dirFd: number, name: string, copied: boolean, pace: Pace): Steps {
  const stat = statEntry(dirFd, name);
  if (typeof stat === "number") return stat;
  if (!isDirectory(stat)) {
    const type = stat.mode & S_IFMT;
    return type === S_IFREG ? yield* judgeEntry({ topFd: -1, dirFd, name, path: "", depth: 0, copied }, pace) : -EPERM;
  }
  const pin = pinEntry(dirFd, name);
  if (pin < 0) return pin;
  try {
    const bits = stat.mode & SET_ID_BITS;
    const changed = bits === 0 ? 0 : changeMode(pin, stat.mode & 0o1777);
    return changed < 0 ? changed : yield* judgeFolder({ topFd: pin, dirFd, name, path: "", depth: 0, copied }, pace);
  } finally {
    close(pin);
  }
}
