/** The broker's lists as objects: each file and folder pinned before the workload starts, so that names can't change them. */

import { ELOOP } from "../kernel/errno.ts";
import {
  AT_FDCWD,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  S_IFDIR,
  S_IFMT,
} from "../kernel/file.ts";
import type { Zone } from "./decide.ts";
import { close, type FileStat, O_DIRECTORY, pathOfFd, readLinkAt, reopen, sameFile, statFd } from "./files.ts";
import { lookUp, type Pin, type Start } from "./lookup.ts";
import { type Slow, SlowMounts } from "./slow-mounts.ts";
import type { Steps } from "./steps.ts";

/** A folder of `scratch` or `export`. */
export interface Folder {
  readonly zone: Exclude<Zone, "elsewhere">;
  /** Pinned. */
  readonly fd: number;
  /** Spellings that lead to it: as the policy has it, and as it really is. Binary strings. */
  readonly spellings: readonly string[];
  readonly path: string;
  readonly stat: FileStat;
}

/** A file of `allow_read` or `allow_write`. */
export interface ListedFile {
  readonly read: boolean;
  readonly write: boolean;
  readonly path: string;
  /** Pins the file, so that its inode number stays its own; -1 while there is none. */
  fd: number;
  stat: FileStat | undefined;
  /** The pinned folder that it is in, and its name there: where it may be created. */
  readonly folderFd: number;
  readonly folderStat: FileStat;
  readonly name: string;
}

export interface Roots {
  /** Beneath the root. */
  readonly slow: SlowMounts;
  /** What absolute paths start from, pinned; AT_FDCWD for our own root. */
  readonly rootFd: number;
  readonly files: readonly ListedFile[];
  readonly folders: readonly Folder[];
}

/** As many symbolic links as the kernel follows (MAXSYMLINKS, linux/namei.h). */
const SYMLINKS_MAX = 40;

/** UTF-8 to a binary string: a character is a byte. */
export function binaryPath(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Splits a path at its last name; trailing slashes stay with the name. No name: "." or "/" and the like. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const bare = path.replace(/\/+$/, "");
  const slash = bare.lastIndexOf("/");
  return { folder: slash < 0 ? "" : path.slice(0, slash + 1), name: path.slice(slash + 1) };
}

export function isDirectory(stat: FileStat): boolean {
  return (stat.mode & S_IFMT) === S_IFDIR;
}

/** Where a name is that may not be there yet. The fd is the caller's. */
export interface Place {
  readonly folderFd: number;
  readonly folderStat: FileStat;
  readonly name: string;
}

/** Where a path of a caller's is resolved from. */
export interface Base extends Start {
  /** What absolute symbolic links start from: AT_FDCWD for our own root. */
  readonly rootFd: number;
}

/** The root that absolute paths start from: AT_FDCWD for our own. */
export function baseOfRoot(rootFd: number): Base {
  return { fd: rootFd, resolve: rootFd === AT_FDCWD ? 0 : RESOLVE_IN_ROOT, mount: undefined, link: "", rootFd };
}

/**
 * Follows a path to the folder and name that an open with O_CREAT would create, symbolic links at its end included
 * where `follow`, but for one on a slow mount. -errno when there is no such folder.
 */
export function* findPlace(slow: Slow, base: Base, path: string, follow: boolean): Steps<Place | number> {
  let from: Start = base;
  let rest = path;
  let held = -1;
  try {
    for (let links = 0; links <= SYMLINKS_MAX; links++) {
      const { folder, name } = splitPath(rest);
      const pin = yield* lookUp(slow, from, folder === "" ? "." : folder, O_DIRECTORY, RESOLVE_NO_MAGICLINKS);
      close(held);
      held = -1;
      if (typeof pin === "number") return pin;
      const { fd: folderFd, stat: folderStat } = pin;
      const follows = follow && name !== "" && !slow.isSlow(folderStat.mount);
      const target = follows ? readLinkAt(folderFd, name) : undefined;
      if (target === undefined) return { folderFd, folderStat, name };
      held = folderFd;
      from = target.startsWith("/") ? baseOfRoot(base.rootFd) : startIn(base, pin);
      rest = target;
    }
    return -ELOOP;
  } finally {
    close(held);
  }
}

/** A folder on the way. In another root an absolute symbolic link further on counts as leading out. */
function startIn({ rootFd }: Base, { fd, stat }: Pin): Start {
  return { fd, resolve: rootFd === AT_FDCWD ? 0 : RESOLVE_BENEATH, mount: stat.mount, link: "" };
}

/** An entry of the lists that is pinned already. */
export interface Pinned {
  readonly list: "scratch" | "export" | "read" | "write";
  readonly text: string;
  /** The folder; or that of the file. */
  readonly folderFd: number;
  /** Of a file; -1 while there is none. */
  readonly fileFd: number;
}

function statOf(fd: number): FileStat {
  const stat = statFd(fd);
  if (stat === undefined) throw new Error("a pinned file can't be looked at");
  return stat;
}

/** The lists from what the front has pinned as `pinRoots` would have (csrc/front/pin.c). The fds are owned from here. */
export function adoptRoots(pinned: readonly Pinned[]): Roots {
  const folders: Folder[] = [];
  const files: ListedFile[] = [];
  for (const { list, text, folderFd, fileFd } of pinned) {
    const path = binaryPath(text);
    const folderStat = statOf(folderFd);
    if (list === "scratch" || list === "export") {
      const real = pathOfFd(folderFd) ?? path;
      const spellings = real === path ? [path] : [path, real];
      folders.push({ zone: list, fd: folderFd, path: real, spellings, stat: folderStat });
    } else {
      const stat = fileFd < 0 ? undefined : statOf(fileFd);
      const { name } = splitPath(path);
      files.push({
        read: list === "read",
        write: list === "write",
        path,
        fd: fileFd,
        stat,
        folderFd,
        folderStat,
        name,
      });
    }
  }
  return { rootFd: AT_FDCWD, slow: new SlowMounts("/proc/self/mountinfo"), folders, files };
}

export function closeRoots({ rootFd, slow, folders, files }: Roots): void {
  slow.close();
  close(rootFd);
  for (const { fd } of folders) close(fd);
  for (const { fd, folderFd } of files) {
    close(fd);
    close(folderFd);
  }
}

/** Whether a file is on the lists, by what it is and not by its name. */
export function listedAs(roots: Roots, stat: FileStat): { readonly read: boolean; readonly write: boolean } {
  let read = false;
  let write = false;
  for (const file of roots.files) {
    if (file.stat === undefined || !sameFile(file.stat, stat)) continue;
    read ||= file.read;
    write ||= file.write;
  }
  return { read, write };
}

/**
 * Pins a listed file that the broker has just created, by the fd that it has of it: what has its name by now may be
 * another file, of which the workload would have made the listed one. Without room for a pin it is on no list.
 */
export function pinCreated(file: ListedFile, fd: number): void {
  const pin = reopen(fd, O_PATH, 0);
  if (pin < 0) return;
  close(file.fd);
  file.fd = pin;
  file.stat = statFd(pin);
}
