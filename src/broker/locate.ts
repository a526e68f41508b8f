/**
 * From a path that a caller gave to the object that it means. Names decide only what is cheap to rule out; what is
 * granted is always an object that was reached from a pinned folder without leaving it (RESOLVE_BENEATH).
 */

import { ELOOP, EXDEV } from "../kernel/errno.ts";
import {
  AT_FDCWD,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../kernel/file.ts";
import { linkOfBase, openBase, pathOfBase } from "./caller.ts";
import type { Zone } from "./decide.ts";
import { close, type FileStat, O_DIRECTORY, O_NOFOLLOW, pathOfFd, sameFile, statFd, statPath } from "./files.ts";
import { lookUp, openPatiently, type Pin, type Start } from "./lookup.ts";
import type { At } from "./request.ts";
import { type Base, baseOfRoot, type Folder, type Roots, splitPath } from "./roots.ts";
import type { Slow } from "./slow-mounts.ts";
import type { Steps } from "./steps.ts";

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

const UNKNOWN_MOUNT = -1;
/** How often a caller's working directory may move away while it is looked for. */
const ATTEMPTS_MAX = 3;

/** What follows a folder's spelling in a path that is beneath it; undefined for any other path. */
function restBehind(spelling: string, path: string): string | undefined {
  if (!path.startsWith(spelling)) return undefined;
  if (path.length === spelling.length || spelling === "/") return path.slice(spelling.length);
  return path.charCodeAt(spelling.length) === 0x2f ? path.slice(spelling.length + 1) : undefined;
}

/** The folder that a path is beneath by its spelling, and what follows: the innermost, which may be a mount in another. */
export function route(roots: Roots, path: string): { readonly folder: Folder; readonly rest: string } | undefined {
  let found: { readonly folder: Folder; readonly rest: string } | undefined;
  for (const folder of roots.folders) {
    for (const spelling of folder.spellings) {
      const rest = restBehind(spelling, path);
      if (rest !== undefined && rest.length < (found?.rest.length ?? Infinity)) found = { folder, rest };
    }
  }
  return found;
}

function relative(rest: string): string {
  const bare = rest.replace(/^\/+/, "");
  return bare === "" ? "." : bare;
}

/** A start beneath a folder of the policy, on its own mount. */
export function startInside(fd: number, mount: number): Start {
  return { fd, resolve: RESOLVE_INSIDE, mount, link: "" };
}

/** Looks up what is beneath a folder of the policy, without leaving it. */
export function lookInside(roots: Roots, anchor: Anchor, flags: number): Steps<Pin | number> {
  return lookUp(roots.slow, startInside(anchor.fd, anchor.folder.stat.mount), anchor.rest, flags, 0);
}

/** Opens or makes what is beneath a folder of the policy, without leaving it. */
export function openInside(roots: Roots, at: Inside, flags: number, mode: number): Steps {
  return openPatiently(roots.slow, startInside(at.fd, at.mount), { path: at.path, flags, mode, resolve: 0 });
}

/** A path beneath a pinned folder. */
export interface Inside {
  readonly fd: number;
  readonly mount: number;
  readonly path: string;
}

/** The folder that a caller's relative path starts from, if it is beneath a folder of the policy. */
function* anchorOfBase(roots: Roots, tid: number, at: At): Steps<Anchor | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const path = pathOfBase(tid, at.dirFd);
    const routed = path === undefined ? undefined : route(roots, path);
    if (routed === undefined) return undefined;
    const { folder, rest } = routed;
    const flags = O_DIRECTORY;
    const pin = yield* lookUp(
      roots.slow,
      startInside(folder.fd, folder.stat.mount),
      relative(rest),
      flags,
      RESOLVE_NO_SYMLINKS,
    );
    if (typeof pin === "number") continue;
    const base = yield* closingEarly(pin.fd, statBase(roots, tid, at, folder));
    if (base !== undefined && sameFile(pin.stat, base)) {
      at.base = path ?? "";
      return { folder, fd: pin.fd, rest: at.path === "" ? "." : at.path, owned: true };
    }
    close(pin.fd);
  }
  return undefined;
}

/** What a caller's folder is, which was on the folder's mount a moment ago. */
function* statBase(roots: Roots, tid: number, { dirFd }: At, folder: Folder): Steps<FileStat | undefined> {
  const link = linkOfBase(tid, dirFd);
  if (!roots.slow.isSlow(folder.stat.mount)) {
    const stat = statPath(AT_FDCWD, link, 0);
    return typeof stat === "number" ? undefined : stat;
  }
  const pin = yield* lookUp(roots.slow, { fd: -1, resolve: 0, mount: UNKNOWN_MOUNT, link }, ".", O_DIRECTORY, 0);
  if (typeof pin === "number") return undefined;
  close(pin.fd);
  return pin.stat;
}

/** Where a path that is beneath a folder of the policy, by its spelling or its caller's place, is resolved from. */
export function* anchorOf(roots: Roots, tid: number, at: At): Steps<Anchor | undefined> {
  if (roots.folders.length === 0) return undefined;
  if (!at.path.startsWith("/")) return at.path === "" ? undefined : yield* anchorOfBase(roots, tid, at);
  const routed = route(roots, at.path);
  return routed === undefined
    ? undefined
    : { folder: routed.folder, fd: routed.folder.fd, rest: relative(routed.rest), owned: false };
}

export function closeAnchor(anchor: Anchor): void {
  if (anchor.owned) close(anchor.fd);
}

/** The last steps that need an anchor. */
export function* finish<T>(anchor: Anchor, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps;
  } finally {
    closeAnchor(anchor);
  }
}

/** Steps at whose end an fd is still wanted; ended early, or by an error, they close it. */
export function* closingEarly<T>(fd: number, steps: Steps<T>): Steps<T> {
  let ended = false;
  try {
    const value = yield* steps;
    ended = true;
    return value;
  } finally {
    if (!ended) close(fd);
  }
}

/** The folder of the policy that a pinned object is beneath, whatever path led to it. */
function* folderOf(roots: Roots, { fd, stat }: Pin): Steps<Folder | undefined> {
  if (!roots.folders.some((folder) => folder.stat.mount === stat.mount)) return undefined;
  const path = pathOfFd(fd);
  const routed = path === undefined ? undefined : route(roots, path);
  if (routed === undefined) return undefined;
  const start = startInside(routed.folder.fd, routed.folder.stat.mount);
  const again = yield* lookUp(roots.slow, start, relative(routed.rest), O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  if (typeof again === "number") return undefined;
  close(again.fd);
  return sameFile(again.stat, stat) ? routed.folder : undefined;
}

/** The zone of a pinned object. */
export function* zoneOf(roots: Roots, pin: Pin): Steps<Zone> {
  return (yield* folderOf(roots, pin))?.zone ?? "elsewhere";
}

/** Runs `use` with what a path of the caller's is to be resolved from; undefined if there is none. */
export function* withBase<T>(roots: Roots, tid: number, at: At, use: (base: Base) => Steps<T>): Steps<T | undefined> {
  const { rootFd, slow } = roots;
  if (at.path.startsWith("/")) return yield* use(baseOfRoot(rootFd));
  // An absolute symbolic link on the way would start from our root: it counts as leading out.
  const resolve = rootFd === AT_FDCWD ? 0 : RESOLVE_BENEATH;
  if (slow.any && isBaseSlow(slow, tid, at.dirFd)) {
    return yield* use({ fd: -1, resolve, mount: UNKNOWN_MOUNT, link: linkOfBase(tid, at.dirFd), rootFd });
  }
  const fd = openBase(tid, at.dirFd);
  if (fd < 0) return undefined;
  try {
    const path = pathOfFd(fd);
    if (path !== undefined) at.base = path;
    // Where no mount is slow nobody asks which one it is.
    const mount = slow.any ? (statFd(fd)?.mount ?? UNKNOWN_MOUNT) : UNKNOWN_MOUNT;
    return yield* use({ fd, resolve, mount, link: "", rootFd });
  } finally {
    close(fd);
  }
}

/** The kernel may ask a server about a folder that a magic link leads to. */
function isBaseSlow(slow: Slow, tid: number, dirFd: number): boolean {
  const path = pathOfBase(tid, dirFd);
  return path === undefined || slow.mountOf(path)?.slow !== false;
}

/** The path as far as it can be told: for a "no", and for the record. */
export function shownPath(tid: number, at: At): string | undefined {
  if (at.path.startsWith("/")) return at.path;
  const base = at.base ?? pathOfBase(tid, at.dirFd);
  return base === undefined ? undefined : `${base === "/" ? "" : base}/${at.path}`;
}

/** The folder that a name is made or removed in. */
export interface Parent {
  readonly zone: Zone;
  /** The folder of the policy that it is beneath. */
  readonly root: Folder | undefined;
  /** Pinned; to be closed. */
  readonly fd: number;
  readonly stat: FileStat;
  /** The last name, with the slashes that follow it. */
  readonly name: string;
}

/** A parent, a positive errno that the caller shall see, or nothing: the kernel knows better. */
export type ParentResult = Parent | { readonly errno: number } | undefined;

/**
 * Finds the folder of a path's last name. A path without one ("", "/") is the kernel's affair; "." and ".." are names
 * that the kernel never makes, removes or moves, and nothing can be a link to a folder.
 */
export function* parentOf(roots: Roots, tid: number, at: At): Steps<ParentResult> {
  const { folder, name } = splitPath(at.path);
  if (/^\/*$/.test(name)) return undefined;
  const where: At = { dirFd: at.dirFd, path: folder === "" ? "." : folder };
  const anchor = yield* anchorOf(roots, tid, where);
  if (where.base !== undefined) at.base = where.base;
  if (anchor !== undefined) {
    const pin = yield* finish(anchor, lookInside(roots, anchor, O_DIRECTORY));
    if (typeof pin !== "number") return { zone: anchor.folder.zone, root: anchor.folder, ...pin, name };
    if (pin !== -EXDEV && pin !== -ELOOP) return anchor.folder.zone === "scratch" ? { errno: -pin } : undefined;
  }
  const pin = yield* withBase(roots, tid, where, (base) =>
    lookUp(roots.slow, base, where.path, O_DIRECTORY, RESOLVE_NO_MAGICLINKS),
  );
  if (where.base !== undefined) at.base = where.base;
  if (pin === undefined || typeof pin === "number") return undefined;
  const root = yield* closingEarly(pin.fd, folderOf(roots, pin));
  return { zone: root?.zone ?? "elsewhere", root, ...pin, name };
}
