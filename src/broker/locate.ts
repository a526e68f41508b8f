/**
 * From a path that a caller gave to the object that it means. Names decide only what is cheap to rule out; what is
 * granted is always an object that was reached from a pinned folder without leaving it (RESOLVE_BENEATH).
 */

import { ELOOP, EXDEV } from "../kernel/errno.ts";
import {
  AT_FDCWD,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../kernel/file.ts";
import { openBase, pathOfBase } from "./caller.ts";
import type { Zone } from "./decide.ts";
import {
  close,
  type FileStat,
  O_DIRECTORY,
  O_NOFOLLOW,
  openAt,
  pathOfFd,
  sameFile,
  statFd,
  statPath,
} from "./files.ts";
import type { At } from "./request.ts";
import { type Base, type Folder, type Roots, splitPath } from "./roots.ts";

/** Beneath a folder of the policy: its symbolic links are followed, but never out of it, nor onto another mount. */
export const RESOLVE_INSIDE: number = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;

/** Where to resolve the rest of a path from, with RESOLVE_INSIDE. */
export interface Anchor {
  readonly folder: Folder;
  readonly fd: number;
  /** Never empty. */
  readonly rest: string;
  /** Whether `fd` is to be closed. */
  readonly owned: boolean;
}

/** How often a caller's working directory may move away while it is looked for. */
const ATTEMPTS_MAX = 3;

/** The folder that a path is beneath by its spelling, and what follows. */
export function route(roots: Roots, path: string): { readonly folder: Folder; readonly rest: string } | undefined {
  for (const folder of roots.folders) {
    for (const spelling of folder.spellings) {
      if (!path.startsWith(spelling)) continue;
      if (path.length === spelling.length || spelling === "/") return { folder, rest: path.slice(spelling.length) };
      if (path.charCodeAt(spelling.length) === 0x2f) return { folder, rest: path.slice(spelling.length + 1) };
    }
  }
  return undefined;
}

function relative(rest: string): string {
  const bare = rest.replace(/^\/+/, "");
  return bare === "" ? "." : bare;
}

/** The folder that a caller's relative path starts from, if it is beneath a folder of the policy. */
function anchorOfBase(roots: Roots, tid: number, at: At): Anchor | undefined {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const path = pathOfBase(tid, at.dirFd);
    const routed = path === undefined ? undefined : route(roots, path);
    if (routed === undefined) return undefined;
    const fd = openAt(
      routed.folder.fd,
      relative(routed.rest),
      O_PATH | O_DIRECTORY,
      0,
      RESOLVE_INSIDE | RESOLVE_NO_SYMLINKS,
    );
    if (fd < 0) continue;
    const found = statFd(fd);
    const link = at.dirFd === AT_FDCWD ? `/proc/${tid}/cwd` : `/proc/${tid}/fd/${at.dirFd}`;
    const base = statPath(AT_FDCWD, link, 0);
    if (found !== undefined && typeof base !== "number" && sameFile(found, base)) {
      return { folder: routed.folder, fd, rest: at.path === "" ? "." : at.path, owned: true };
    }
    close(fd);
  }
  return undefined;
}

/** Where a path that is beneath a folder of the policy, by its spelling or its caller's place, is resolved from. */
export function anchorOf(roots: Roots, tid: number, at: At): Anchor | undefined {
  if (roots.folders.length === 0) return undefined;
  if (!at.path.startsWith("/")) return at.path === "" ? undefined : anchorOfBase(roots, tid, at);
  const routed = route(roots, at.path);
  return routed === undefined
    ? undefined
    : { folder: routed.folder, fd: routed.folder.fd, rest: relative(routed.rest), owned: false };
}

export function closeAnchor(anchor: Anchor): void {
  if (anchor.owned) close(anchor.fd);
}

/** The folder of the policy that a pinned object is beneath, whatever path led to it. */
function folderOf(roots: Roots, pin: number, stat: FileStat): Folder | undefined {
  if (!roots.folders.some((folder) => folder.stat.mount === stat.mount)) return undefined;
  const path = pathOfFd(pin);
  const routed = path === undefined ? undefined : route(roots, path);
  if (routed === undefined) return undefined;
  const again = openAt(
    routed.folder.fd,
    relative(routed.rest),
    O_PATH | O_NOFOLLOW,
    0,
    RESOLVE_INSIDE | RESOLVE_NO_SYMLINKS,
  );
  if (again < 0) return undefined;
  const found = statFd(again);
  close(again);
  return found !== undefined && sameFile(found, stat) ? routed.folder : undefined;
}

/** The zone of a pinned object. */
export function zoneOf(roots: Roots, pin: number, stat: FileStat): Zone {
  return folderOf(roots, pin, stat)?.zone ?? "elsewhere";
}

/** Runs `use` with the fd that a path of the caller's is to be resolved from; undefined if there is none. */
export function withBase<T>(roots: Roots, tid: number, at: At, use: (base: Base) => T): T | undefined {
  const { rootFd } = roots;
  const own = rootFd === AT_FDCWD;
  if (at.path.startsWith("/")) return use({ fd: rootFd, resolve: own ? 0 : RESOLVE_IN_ROOT, rootFd });
  const fd = openBase(tid, at.dirFd);
  if (fd < 0) return undefined;
  try {
    // An absolute symbolic link on the way would start from our root: it counts as leading out.
    return use({ fd, resolve: own ? 0 : RESOLVE_BENEATH, rootFd });
  } finally {
    close(fd);
  }
}

/** The path as far as it can be told: for a "no", and for the record. */
export function shownPath(tid: number, at: At): string | undefined {
  if (at.path.startsWith("/")) return at.path;
  const base = pathOfBase(tid, at.dirFd);
  return base === undefined ? undefined : `${base === "/" ? "" : base}/${at.path}`;
}

/** The folder that a name is made or removed in. */
export interface Parent {
  readonly zone: Zone;
  /** The folder of the policy that it is beneath. */
  readonly root: Folder | undefined;
  /** Pinned; to be closed. */
  readonly fd: number;
  /** The last name, with the slashes that follow it. */
  readonly name: string;
}

/** A parent, a positive errno that the caller shall see, or nothing: the kernel knows better. */
export type ParentResult = Parent | { readonly errno: number } | undefined;

/**
 * Finds the folder of a path's last name. A path without one ("", "/") is the kernel's affair; "." and ".." are names
 * that the kernel never makes, removes or moves, and nothing can be a link to a folder.
 */
export function parentOf(roots: Roots, tid: number, at: At): ParentResult {
  const { folder, name } = splitPath(at.path);
  if (/^\/*$/.test(name)) return undefined;
  const where: At = { dirFd: at.dirFd, path: folder === "" ? "." : folder };
  const anchor = anchorOf(roots, tid, where);
  if (anchor !== undefined) {
    const fd = openAt(anchor.fd, anchor.rest, O_PATH | O_DIRECTORY, 0, RESOLVE_INSIDE);
    closeAnchor(anchor);
    if (fd >= 0) return { zone: anchor.folder.zone, root: anchor.folder, fd, name };
    if (fd !== -EXDEV && fd !== -ELOOP) return anchor.folder.zone === "scratch" ? { errno: -fd } : undefined;
  }
  const fd = withBase(roots, tid, where, (base) =>
    openAt(base.fd, where.path, O_PATH | O_DIRECTORY, 0, base.resolve | RESOLVE_NO_MAGICLINKS),
  );
  if (fd === undefined || fd < 0) return undefined;
  const stat = statFd(fd);
  const root = stat === undefined ? undefined : folderOf(roots, fd, stat);
  return { zone: root?.zone ?? "elsewhere", root, fd, name };
}
