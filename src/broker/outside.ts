/**
 * Folders that were found to lead to nothing of the policy's, by the spelling that callers use. A spelling that leads
 * elsewhere meanwhile is passed on for a moment longer, and Landlock decides: never more than it would grant.
 */

import { AT_FDCWD, O_PATH, RESOLVE_IN_ROOT } from "../kernel/file.ts";
import { close, O_DIRECTORY, openAt, pathOfFd } from "./files.ts";
import { route } from "./locate.ts";
import type { Roots } from "./roots.ts";

/** Long enough for a program that opens the files of a folder, too short for one that waits for a link to change. */
const LIFETIME_MS = 100;
const FOLDERS_MAX = 1024;

export class Outside {
  readonly #until = new Map<string, number>();

  /** Whether the folder of an absolute path is none of the policy's, nor beneath one. */
  has(roots: Roots, path: string): boolean {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    const now = performance.now();
    if ((this.#until.get(folder) ?? 0) > now) return true;
    const resolve = roots.rootFd === AT_FDCWD ? 0 : RESOLVE_IN_ROOT;
    const fd = openAt(roots.rootFd, folder, O_PATH | O_DIRECTORY, 0, resolve);
    const real = fd < 0 ? undefined : pathOfFd(fd);
    close(fd);
    if (real === undefined || route(roots, real) !== undefined) return false;
    if (this.#until.size >= FOLDERS_MAX) this.#until.clear();
    this.#until.set(folder, now + LIFETIME_MS);
    return true;
  }
}
