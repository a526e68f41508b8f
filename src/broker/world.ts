/**
 * Whose files a path means: the caller's root and mounts may be others than landlockd's. The lists name host paths;
 * in a run with mounts or a root of its own they are looked up again where the workload sees them, and only what is
 * the very object that was pinned before the start counts.
 */

import { AT_FDCWD, O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from "../kernel/file.ts";
import type { Watch } from "../native/epoll.ts";
import type { Policy } from "../policy/policy.ts";
import { close, type FileStat, O_DIRECTORY, openAt, openOwn, pathOfFd, sameFile, statFd, statPath } from "./files.ts";
import { binaryPath, closeRoots, type Folder, type ListedFile, type Roots } from "./roots.ts";
import { SlowMounts } from "./slow-mounts.ts";

/** How the callers of a run may see files. */
export interface Surroundings {
  /** The run has mounts of its own, or this folder as its root; "" for the host's. Undefined: it sees what we see. */
  readonly root: string | undefined;
  /** A caller may have changed its root or mounts by itself: `[seccomp] allow` opens the calls for it. */
  readonly varies: boolean;
}

export const HERE: Surroundings = { root: undefined, varies: false };

/** Names that open a way to another root, or to mounts of one's own. */
const OPENERS: readonly string[] = [
  "namespaces",
  "mounts",
  "unshare",
  "setns",
  "clone",
  "clone3",
  "chroot",
  "pivot_root",
];

/** How the callers of a policy's runs see files. */
export function surroundingsOf({ broker, mount, runtime, seccomp }: Policy): Surroundings {
  const { mount_tmpfs = [], mount_bind = [], mount_object = [] } = broker ?? {};
  const mounts = mount !== undefined || mount_tmpfs.length + mount_bind.length + mount_object.length > 0;
  const varies = seccomp?.allow.some((name) => OPENERS.includes(name)) === true;
  return { root: runtime?.root ?? (mounts ? "" : undefined), varies };
}

/** The path inside the root, for a host path; undefined for what is outside. */
function insidePath(path: string, root: string): string | undefined {
  if (root === "" || root === "/") return path;
  if (path === root) return "/";
  return path.startsWith(`${root}/`) ? path.slice(root.length) : undefined;
}

class Lookup {
  readonly #rootFd: number;
  readonly #root: string;

  constructor(rootFd: number, root: string) {
    this.#rootFd = rootFd;
    this.#root = root;
  }

  /** What a host path is inside, pinned; undefined unless it is the same object. */
  pin(path: string, expected: FileStat, flags: number): { readonly fd: number; readonly stat: FileStat } | undefined {
    const inside = insidePath(path, this.#root);
    if (inside === undefined) return undefined;
    const fd = openAt(this.#rootFd, inside, O_PATH | flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    const stat = fd < 0 ? undefined : statFd(fd);
    if (stat !== undefined && sameFile(stat, expected)) return { fd, stat };
    close(fd);
    return undefined;
  }

  folder(folder: Folder): Folder[] {
    const found = this.pin(folder.path, folder.stat, O_DIRECTORY);
    const path = found === undefined ? undefined : pathOfFd(found.fd);
    if (found === undefined || path === undefined) return [];
    return [{ zone: folder.zone, fd: found.fd, spellings: [path], path, stat: found.stat }];
  }

  file(file: ListedFile): ListedFile[] {
    const hostFolder = pathOfFd(file.folderFd);
    const folder = hostFolder === undefined ? undefined : this.pin(hostFolder, file.folderStat, O_DIRECTORY);
    if (hostFolder === undefined || folder === undefined) return [];
    const path = `${hostFolder === "/" ? "" : hostFolder}/${file.name}`;
    const found = file.stat === undefined ? undefined : this.pin(path, file.stat, 0);
    return [{ ...file, fd: found?.fd ?? -1, stat: found?.stat, folderFd: folder.fd, folderStat: folder.stat }];
  }
}

export class World {
  readonly #host: Roots;
  readonly #surroundings: Surroundings;
  #roots: Roots | undefined;
  #rootStat: FileStat | undefined;
  #watch: ((slow: SlowMounts) => void) | undefined;

  /** Owns the roots. */
  constructor(host: Roots, surroundings: Surroundings) {
    this.#host = host;
    this.#surroundings = surroundings;
    if (surroundings.root === undefined) this.#roots = host;
  }

  /** Learns of changes of the callers' mounts from now on, and tells of them. */
  watch(watch: Watch, changed: () => void): void {
    this.#watch = (slow) => slow.watch(watch, changed);
    if (this.#roots !== undefined) this.#watch(this.#roots.slow);
  }

  /** The lists as a caller sees them; undefined for a caller that sees other files. */
  rootsFor(tid: number): Roots | undefined {
    this.#roots ??= this.#lookUp(tid);
    if (this.#surroundings.varies && !this.#isRootOf(tid)) return undefined;
    return this.#roots;
  }

  /** The lists for every caller, once they are known; undefined where callers may see different files. */
  get common(): Roots | undefined {
    return this.#surroundings.varies ? undefined : this.#roots;
  }

  #isRootOf(tid: number): boolean {
    if (this.#rootStat === undefined) {
      const own = this.#roots?.rootFd ?? AT_FDCWD;
      const stat = own === AT_FDCWD ? statPath(AT_FDCWD, "/", 0) : statFd(own);
      this.#rootStat = typeof stat === "number" ? undefined : stat;
    }
    const stat = statPath(AT_FDCWD, `/proc/${tid}/root`, 0);
    if (typeof stat === "number" || this.#rootStat === undefined) return false;
    return sameFile(stat, this.#rootStat) && stat.mount === this.#rootStat.mount;
  }

  #lookUp(tid: number): Roots | undefined {
    const rootFd = openOwn(`/proc/${tid}/root`, O_PATH | O_DIRECTORY);
    if (rootFd < 0) return undefined;
    const lookup = new Lookup(rootFd, binaryPath(this.#surroundings.root ?? ""));
    const slow = new SlowMounts(`/proc/${tid}/mountinfo`);
    this.#watch?.(slow);
    return {
      rootFd,
      slow,
      folders: this.#host.folders.flatMap((folder) => lookup.folder(folder)),
      files: this.#host.files.flatMap((file) => lookup.file(file)),
    };
  }

  close(): void {
    if (this.#roots !== undefined && this.#roots !== this.#host) closeRoots(this.#roots);
    closeRoots(this.#host);
  }
}
