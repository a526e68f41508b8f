/**
 * openat2(2) of paths that callers gave, without ever waiting for a server or a FUSE process: where a lookup may come
 * upon a slow mount a helper does it, and the request goes on with what it found.
 *
 * What stays on a mount that isn't slow is done here (RESOLVE_NO_XDEV), and so is what the kernel knows by heart
 * (RESOLVE_CACHED, Linux 5.12). RESOLVE_CACHED alone isn't enough: where a path ends at the root of an NFS mount, or
 * with a step up in one, the kernel asks the server even then (d_weak_revalidate).
 */

import { EAGAIN, EINVAL, ELOOP, ENAMETOOLONG, ENOENT, EXDEV } from "../kernel/errno.ts";
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_CREAT,
  O_PATH,
  O_TRUNC,
  PATH_MAX,
  RESOLVE_BENEATH,
  RESOLVE_CACHED,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from "../kernel/file.ts";
import { startOpenat2, takeOpened } from "../native/helper.ts";
import { connectedPair } from "../native/socket.ts";
import { close, type FileStat, fileStat, openAt, statFd } from "./files.ts";
import type { Slow } from "./slow-mounts.ts";
import type { Steps } from "./steps.ts";

/** Where a path is resolved from. */
export interface Start {
  /** A pinned folder, or AT_FDCWD for our own root; -1 where only a helper may open it, by `link`. */
  readonly fd: number;
  /** RESOLVE_* flags that keep the lookup where its caller's would stay. */
  readonly resolve: number;
  /** The mount that `fd` is on; undefined for a root, whose paths are absolute. */
  readonly mount: number | undefined;
  /** /proc/PID/cwd and the like; "" where there is an `fd`. */
  readonly link: string;
}

/** What is to be opened, as openat2(2) takes it. */
export interface What {
  readonly path: string;
  readonly flags: number;
  readonly mode: number;
  readonly resolve: number;
}

/** A pinned object, owned. */
export interface Pin {
  readonly fd: number;
  readonly stat: FileStat;
}

/** Instead of a result: the lookup may have to wait. No errno is as large. */
export const WOULD_WAIT = -0x10000;

/** A path whose last component is a name: not "", ".", "..". */
const ENDS_IN_NAME = /(?:^|\/)(?!\.{1,2}\/*$)[^/]+\/*$/;

/** What the kernel needn't ask anybody about. */
function openCached(fd: number, { path, flags, mode, resolve }: What): number {
  if ((flags & (O_CREAT | O_TRUNC)) !== 0) return WOULD_WAIT;
  const opened = openAt(fd, path, flags, mode, resolve | RESOLVE_CACHED | RESOLVE_NO_SYMLINKS);
  // EINVAL: before Linux 5.12.
  return opened === -EAGAIN || opened === -ELOOP || opened === -EINVAL ? WOULD_WAIT : opened;
}

/** What doesn't leave the mount that it starts on, which isn't slow. */
function openOnMount(fd: number, what: What): number {
  if ((what.resolve & RESOLVE_NO_XDEV) !== 0) return openAt(fd, what.path, what.flags, what.mode, what.resolve);
  const opened = openAt(fd, what.path, what.flags, what.mode, what.resolve | RESOLVE_NO_XDEV);
  return opened === -EXDEV ? WOULD_WAIT : opened;
}

function openFrom(slow: Slow, fd: number, mount: number, what: What): number {
  if (!slow.isSlow(mount)) return openOnMount(fd, what);
  return ENDS_IN_NAME.test(what.path) ? openCached(fd, what) : WOULD_WAIT;
}

/** An absolute path: from the mount that its spelling leads to, if that is what is there. */
function openRooted(slow: Slow, rootFd: number, what: What): number {
  const mount = slow.mountOf(what.path);
  if (mount === undefined || (what.resolve & ~(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)) !== 0) return WOULD_WAIT;
  if (mount.slow) return ENDS_IN_NAME.test(what.path) ? openCached(rootFd, what) : WOULD_WAIT;
  if (mount.path === "/") return openOnMount(rootFd, what);
  const rest = what.path.slice(mount.path.length).replace(/^\/+/, "");
  if (rest === "") return openCached(rootFd, what);
  const own = rootFd === AT_FDCWD;
  const top = openCached(rootFd, { path: mount.path, flags: O_PATH, mode: 0, resolve: own ? 0 : RESOLVE_IN_ROOT });
  if (top < 0) return WOULD_WAIT;
  // From here an absolute symbolic link would start at the top of the mount, not at the caller's root.
  const resolve = own ? what.resolve : (what.resolve & ~RESOLVE_IN_ROOT) | RESOLVE_BENEATH;
  const opened = statFd(top)?.mount === mount.id ? openOnMount(top, { ...what, path: rest, resolve }) : WOULD_WAIT;
  close(top);
  return opened;
}

/** Opens without waiting for anybody: an fd, -errno, or WOULD_WAIT. */
export function openNow(slow: Slow, start: Start, what: What): number {
  if (start.link !== "") return WOULD_WAIT;
  if (what.path.length >= PATH_MAX) return -ENAMETOOLONG;
  const whole = start.resolve === 0 ? what : { ...what, resolve: what.resolve | start.resolve };
  if (!slow.any) return openAt(start.fd, whole.path, whole.flags, whole.mode, whole.resolve);
  return start.mount === undefined ? openRooted(slow, start.fd, whole) : openFrom(slow, start.fd, start.mount, whole);
}

/** By a helper: an fd and what it is, or -errno. */
function* openByHelper(start: Start, { path, flags, mode, resolve }: What): Steps<Pin | number> {
  const ends = connectedPair();
  if (typeof ends === "number") return ends;
  const [ours, theirs] = ends;
  const opening = {
    dirFd: start.fd,
    link: start.link,
    path,
    flags: flags | O_CLOEXEC,
    mode,
    resolve: resolve | start.resolve,
  };
  try {
    const result = yield () => startOpenat2(opening, theirs);
    if (result < 0) return result;
    const taken = takeOpened(ours);
    return taken === undefined ? -ENOENT : { fd: taken.fd, stat: fileStat(taken.statx) };
  } finally {
    close(ours);
    close(theirs);
  }
}

/** Opens: an fd, which is the caller's, or -errno. */
export function* openPatiently(slow: Slow, start: Start, what: What): Steps {
  const opened = openNow(slow, start, what);
  if (opened !== WOULD_WAIT) return opened;
  const found = yield* openByHelper(start, what);
  return typeof found === "number" ? found : found.fd;
}

/** Finds what a path leads to, or -errno. The pin is the caller's. */
export function* lookUp(slow: Slow, start: Start, path: string, flags: number, resolve: number): Steps<Pin | number> {
  const what = { path, flags: flags | O_PATH, mode: 0, resolve };
  const fd = openNow(slow, start, what);
  if (fd === WOULD_WAIT) return yield* openByHelper(start, what);
  if (fd < 0) return fd;
  const stat = statFd(fd);
  if (stat !== undefined) return { fd, stat };
  close(fd);
  return -ENOENT;
}
