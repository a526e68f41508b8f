/** Pins what the lists of a policy name, before its workload starts. */

import { type KeyPath, LaunchError } from "../base/errors.ts";
import { EINVAL, EISDIR, ENOENT } from "../kernel/errno.ts";
import { AT_FDCWD, O_PATH, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS } from "../kernel/file.ts";
import { openClosed } from "../native/links.ts";
import type { Broker } from "../policy/policy.ts";
import { close, type FileStat, O_DIRECTORY, openAt, pathOfFd, statFd } from "./files.ts";
import {
  baseOfRoot,
  binaryPath,
  type Folder,
  findPlace,
  isDirectory,
  type ListedFile,
  type Place,
  type Roots,
  splitPath,
} from "./roots.ts";
import { NONE_SLOW, SlowMounts } from "./slow-mounts.ts";
import { runNow } from "./steps.ts";

class Pinning {
  readonly key: KeyPath;
  readonly subject: string;

  constructor(key: KeyPath, subject: string) {
    this.key = key;
    this.subject = subject;
  }

  fail(errno: number): never {
    throw new LaunchError("broker", errno, { key: this.key, subject: this.subject });
  }

  /** A result that is no error. */
  good(result: number): number {
    return result < 0 ? this.fail(-result) : result;
  }

  stat(fd: number): FileStat {
    return statFd(fd) ?? this.fail(ENOENT);
  }
}

/** How the paths of the lists are opened: src/compile/links.ts. */
export interface ListedWays {
  /** @throws LinkError */
  of(path: string, stage: string, key: KeyPath): { readonly text: string; readonly trusted: number };
}

function pinFolder(text: string, zone: Folder["zone"], key: KeyPath, ways: ListedWays): Folder {
  const pinning = new Pinning(key, text);
  const path = binaryPath(text);
  const way = ways.of(text, "broker", key);
  const flags = O_PATH | O_DIRECTORY;
  const fd = pinning.good(
    way.trusted > 0
      ? openClosed(way.text, way.trusted, flags)
      : openAt(AT_FDCWD, path, flags, 0, RESOLVE_NO_MAGICLINKS),
  );
  const real = pathOfFd(fd) ?? pinning.fail(ENOENT);
  return { zone, fd, path: real, spellings: real === path ? [path] : [path, real], stat: pinning.stat(fd) };
}

/** A listed path under /proc/PID would be landlockd's own. */
const OWN_PROCESS = /^\/proc\/\d+(\/|$)/;

/** The place of a file in a folder that an earlier run may have filled with links. */
function closedPlace(text: string, trusted: number): Place | number {
  const { folder, name } = splitPath(text);
  const folderFd = openClosed(folder, Math.min(trusted, Buffer.byteLength(folder)), O_PATH | O_DIRECTORY);
  if (folderFd < 0) return folderFd;
  const folderStat = statFd(folderFd);
  if (folderStat !== undefined) return { folderFd, folderStat, name: binaryPath(name) };
  close(folderFd);
  return -ENOENT;
}

function pinFile(text: string, write: boolean, key: KeyPath, ways: ListedWays): ListedFile {
  const pinning = new Pinning(key, text);
  const path = binaryPath(text);
  const way = ways.of(text, "broker", key);
  const closed = way.trusted > 0;
  const place = closed
    ? closedPlace(way.text, way.trusted)
    : runNow(findPlace(NONE_SLOW, baseOfRoot(AT_FDCWD), path, true));
  if (typeof place === "number") return pinning.fail(-place);
  const { folderFd, folderStat, name } = place;
  const fd = openAt(folderFd, name, O_PATH, 0, closed ? RESOLVE_NO_SYMLINKS : RESOLVE_NO_MAGICLINKS);
  if (fd < 0 && !(write && fd === -ENOENT)) return pinning.fail(-fd);
  const stat = fd < 0 ? undefined : pinning.stat(fd);
  if (stat !== undefined && isDirectory(stat)) return pinning.fail(EISDIR);
  if (fd >= 0 && OWN_PROCESS.test(pathOfFd(fd) ?? "")) return pinning.fail(EINVAL);
  return { read: !write, write, path, fd, stat, folderFd, folderStat, name };
}

function isWithin(path: string, folder: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

/** What is published must not be reachable as scratch, nor the other way round. */
function refuseOverlap(folders: readonly Folder[], broker: Broker): void {
  for (const one of folders) {
    for (const other of folders) {
      if (one.zone === other.zone || !isWithin(one.path, other.path)) continue;
      const index = folders.filter(({ zone }) => zone === "export").indexOf(one.zone === "export" ? one : other);
      new Pinning(["broker", "export", index], broker.export[index] ?? "").fail(EINVAL);
    }
  }
}

/**
 * Pins everything that the lists name.
 * @throws LaunchError, stage "broker": a path that isn't there, isn't what its list takes, or an export folder that
 * overlaps a scratch folder (EINVAL); LinkError
 */
export function pinRoots(broker: Broker, ways: ListedWays): Roots {
  const folders = [
    ...broker.scratch.map((path, index) => pinFolder(path, "scratch", ["broker", "scratch", index], ways)),
    ...broker.export.map((path, index) => pinFolder(path, "export", ["broker", "export", index], ways)),
  ];
  refuseOverlap(folders, broker);
  return {
    rootFd: AT_FDCWD,
    slow: new SlowMounts("/proc/self/mountinfo"),
    folders,
    files: [
      ...broker.allow_read.map((path, index) => pinFile(path, false, ["broker", "allow_read", index], ways)),
      ...broker.allow_write.map((path, index) => pinFile(path, true, ["broker", "allow_write", index], ways)),
    ],
  };
}
