/**
 * Where a daemon listens: a socket, 0600, in a folder that only its user can enter, or in one like /tmp, in which nobody can
 * remove it (its owner, its user and root aside). Another user may be the first to bind the path there: clients look who listens.
 */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  type Stats,
  unlinkSync,
} from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { EACCES, EAGAIN, ECONNREFUSED, ENOENT } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { O_CLOEXEC, O_PATH } from "../kernel/file.ts";
import { bindAt, connectTo, listenAt, SOCKET_PATH_BYTES_MAX } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const BACKLOG = 4096;
/** In a shared folder: two seconds. */
const LOCK_WAITS = 100;
const LOCK_WAIT_MS = 20;
const S_ISVTX = 0o1000;
const ELSEWHERE = "landlockd serve --socket $XDG_RUNTIME_DIR/landlockd/socket";

/** A socket's folder, opened, and a name for the socket that fits sockaddr_un however long the path is. */
interface Place {
  readonly folderFd: number;
  readonly path: string;
  readonly short: string;
}

/** A listening socket and how to take it away again. */
export interface Bound {
  readonly fd: number;
  readonly path: string;
  /** Removes the socket if what stands at the path still is this one. */
  remove(): void;
}

/** @throws UsageError */
function openPlace(socket: string): Place {
  const path = resolve(socket);
  let folderFd: number;
  try {
    folderFd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC);
  } catch (cause) {
    const { errno } = cause as { readonly errno?: number };
    const why = errno === undefined ? "unknown error" : errnoPhrase(Math.abs(errno));
    throw new UsageError(`${socket}: cannot open the socket's folder: ${why}`);
  }
  const short = `/proc/self/fd/${folderFd}/${basename(path)}`;
  if (Buffer.byteLength(short) < SOCKET_PATH_BYTES_MAX) return { folderFd, path, short };
  closeSync(folderFd);
  throw new UsageError(`${socket}: the socket's name is too long`);
}

/** What stands at a name, pinned: an fd, or -errno. */
function pin(short: string, flags: number): number {
  try {
    return openSync(short, O_PATH | O_CLOEXEC | flags);
  } catch (cause) {
    return (cause as { readonly errno?: number }).errno ?? -ENOENT;
  }
}

/**
 * The socket at a place, pinned: what is looked at is what is connected to. A symlink of another user's isn't followed, and a
 * socket with a second name isn't taken, because others may have made that name. csrc/front/connect.c does the same.
 * An fd, or -errno. @throws UsageError
 */
function pinSocket(place: Place, socket: string, uid: number): number {
  const trusts = (each: Stats): boolean => uid === 0 || each.uid === uid || each.uid === 0;
  let fd = pin(place.short, constants.O_NOFOLLOW);
  if (fd < 0) return fd;
  const link = fstatSync(fd);
  if (link.isSymbolicLink() && (link.uid === uid || link.uid === 0)) {
    closeSync(fd);
    fd = pin(place.short, 0);
    if (fd < 0) return fd;
  }
  const stats = fstatSync(fd);
  if (stats.isSocket() && trusts(stats) && stats.nlink === 1) return fd;
  closeSync(fd);
  if (stats.isSymbolicLink())
    throw new UsageError(`${socket}: a symlink of uid ${stats.uid} stands there, and this is uid ${uid}`);
  if (!stats.isSocket()) return -ECONNREFUSED;
  if (!trusts(stats))
    throw new UsageError(`${socket}: a socket of uid ${stats.uid} stands there, and this is uid ${uid}`);
  throw new UsageError(`${socket}: the socket there has ${stats.nlink} names`, "a daemon's socket has one");
}

/** Connects to a daemon: an fd, or -errno. @throws UsageError where the path can't be one, or others made what stands there */
export function connectToDaemon(socket: string): number {
  if (socket.startsWith("@"))
    throw new UsageError(`${socket}: a daemon's socket is a file`, "anybody may bind an abstract name");
  const place = openPlace(socket);
  try {
    const fd = pinSocket(place, socket, syscall("geteuid"));
    if (fd < 0) return fd;
    try {
      return connectTo(`/proc/self/fd/${fd}`, true);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(place.folderFd);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { mode: 0o700 });
  } catch {
    // It is there, or opening it will say what is wrong.
  }
}

/**
 * A folder in which others can remove or reach a socket is no place for one. Whether others can make names there: a sticky folder,
 * of this user or root. @throws UsageError
 */
function isShared({ folderFd, path }: Place, socket: string): boolean {
  const { mode, uid } = fstatSync(folderFd);
  const own = syscall("geteuid");
  if (uid === own && (mode & 0o077) === 0) return false;
  if ((mode & S_ISVTX) !== 0 && (uid === own || uid === 0)) return true;
  if (uid !== own) throw new UsageError(`${socket}: its folder belongs to uid ${uid}, not to uid ${own}`, ELSEWHERE);
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  throw new UsageError(
    `${socket}: its folder is open to others (mode ${octal})`,
    `chmod 700 ${dirname(path)}, or choose a folder of its own`,
  );
}

/**
 * So that two daemons of one user's that start at once don't take the socket from each other. In a shared folder anybody may have
 * the lock, for as long as it takes to start: a daemon waits a little there.
 * @throws UsageError
 */
function lockFolder(place: Place, socket: string, shared: boolean): void {
  let locked = syscall("flock", place.folderFd, LOCK_EX | LOCK_NB);
  for (let wait = 0; shared && locked === -EAGAIN && wait < LOCK_WAITS; wait++) {
    Bun.sleepSync(LOCK_WAIT_MS);
    locked = syscall("flock", place.folderFd, LOCK_EX | LOCK_NB);
  }
  if (locked >= 0) return;
  if (shared)
    throw new UsageError(`${socket}: its folder is locked by another program: ${errnoPhrase(-locked)}`, ELSEWHERE);
  throw new UsageError(`${socket}: another landlockd is starting there: ${errnoPhrase(-locked)}`);
}

/** Its mode came with it, by the umask: there is no moment in which others could connect. @throws UsageError where a filesystem has it otherwise */
function checkBound(stats: Stats | undefined, socket: string): void {
  if (stats?.isSocket() === true && stats.uid === syscall("geteuid") && (stats.mode & 0o077) === 0) return;
  throw new UsageError(`${socket}: the filesystem there doesn't keep a socket's owner and mode`, ELSEWHERE);
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Takes a socket away on which nobody listens any more. Nothing else is ever removed. @throws UsageError */
function removeStale(place: Place, socket: string): void {
  const stats = statOf(place.short);
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new UsageError(`${socket}: something that isn't a socket stands there`, "choose another path");
  if (stats.uid !== syscall("geteuid")) throw new UsageError(`${socket}: a socket of uid ${stats.uid} stands there`);
  const fd = connectTo(place.short, false);
  if (fd >= 0) syscall("close", fd);
  if (fd !== -ECONNREFUSED) {
    const why =
      fd >= 0 || fd === -EAGAIN
        ? "somebody listens there"
        : `cannot tell whether somebody listens there: ${errnoPhrase(-fd)}`;
    throw new UsageError(`${socket}: ${why}`, `landlockd status --socket ${socket}`);
  }
  unlinkSync(place.short);
}

/**
 * Binds and listens; a socket that a dead daemon left behind is replaced. Two daemons that start at once don't take it
 * from each other: the folder is locked meanwhile.
 * @throws UsageError
 */
export function bindSocket(socket: string): Bound {
  if (socket.startsWith("@"))
    throw new UsageError(`${socket}: a daemon's socket is a file`, "anybody may bind an abstract name");
  makeFolder(resolve(socket));
  const place = openPlace(socket);
  try {
    lockFolder(place, socket, isShared(place, socket));
    removeStale(place, socket);
    const umask = syscall("umask", 0o177);
    const fd = listenAt(place.short, BACKLOG);
    syscall("umask", umask);
    if (fd < 0) {
      const hint = fd === -EACCES ? "choose a folder that you may write to" : undefined;
      throw new UsageError(`${socket}: cannot listen there: ${errnoPhrase(-fd)}`, hint);
    }
    const own = statOf(place.short);
    checkBound(own, socket);
    return { fd, path: place.path, remove: () => removeOwn(place.path, own) };
  } finally {
    closeSync(place.folderFd);
  }
}

/** Takes away what dead daemons left of such sockets: nobody answers there, and a live one is of another type. */
function sweepBeside(path: string, digits: number): void {
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`);
  const start = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(start) || !pattern.test(name.slice(start.length))) continue;
    const place = openPlace(`${dirname(path)}/${name}`);
    try {
      removeStale(place, name);
    } catch {
      // Not a socket, or somebody's.
    } finally {
      closeSync(place.folderFd);
    }
  }
}

/**
 * Binds a socket for datagrams at SOCKET.NAME, NAME being hexadecimal digits. Undefined where that can't be: SOCKET is no
 * path, or its folder isn't this user's alone.
 */
export function bindBeside(socket: string, name: string, digits: number): Bound | undefined {
  if (!socket.startsWith("/")) return undefined;
  try {
    sweepBeside(socket, digits);
    const place = openPlace(`${socket}.${name}`);
    isShared(place, socket);
    const umask = syscall("umask", 0o177);
    const fd = bindAt(place.short);
    syscall("umask", umask);
    closeSync(place.folderFd);
    if (fd < 0) return undefined;
    const own = statOf(place.path);
    return { fd, path: place.path, remove: () => removeOwn(place.path, own) };
  } catch {
    return undefined;
  }
}

function removeOwn(path: string, own: Stats | undefined): void {
  const now = statOf(path);
  if (now === undefined || now.ino !== own?.ino || now.dev !== own.dev) return;
  try {
    unlinkSync(path);
  } catch {
    // Its folder was changed meanwhile; the next daemon finds nobody answering.
  }
}
