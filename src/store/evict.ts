/** Keeps the store small: it lies in memory as a rule. */

import { O_RDONLY } from "../kernel/file.ts";
import { closeFile, namesIn, openPlain, statusIn } from "../native/file.ts";
import { cString, syscall } from "../native/syscall.ts";

/** Most plans in a store. */
export const PLANS_MAX = 256;
/** Most bytes of all plans together, and of one. */
export const STORE_BYTES_MAX: number = 16 * 1024 * 1024;
export const PLAN_BYTES_MAX: number = 4 * 1024 * 1024;

/** A plan of at most this size can't overfill a store that holds no more than PLANS_MAX of its kind. */
const SMALL_BYTES: number = STORE_BYTES_MAX / PLANS_MAX;

interface Entry {
  readonly name: string;
  readonly sizeBytes: number;
  /** Seconds since the epoch. */
  readonly modified: number;
}

function entryOf(folderFd: number, name: string): Entry {
  const status = statusIn(folderFd, name);
  // What can't be told is gone, or is the first to go.
  return typeof status === "number" ? { name, sizeBytes: 0, modified: 0 } : { name, ...status };
}

/** Makes room for a plan of `sizeBytes`: the oldest go first, and as many at once that this is seldom done. */
export function makeRoom(folderFd: number, sizeBytes: number): void {
  const fd = openPlain(folderFd, ".", O_RDONLY);
  if (fd < 0) return;
  const names = namesIn(fd) ?? [];
  closeFile(fd);
  if (names.length < PLANS_MAX && sizeBytes <= SMALL_BYTES) return;
  const entries = names.map((name) => entryOf(folderFd, name)).sort((a, b) => a.modified - b.modified);
  let count = entries.length;
  let total = entries.reduce((sum, entry) => sum + entry.sizeBytes, sizeBytes);
  for (const entry of entries) {
    if (count < PLANS_MAX / 2 && total <= STORE_BYTES_MAX / 2) break;
    if (count < PLANS_MAX && total <= STORE_BYTES_MAX && count === entries.length) break;
    syscall("unlinkat", folderFd, cString(entry.name), 0);
    count -= 1;
    total -= entry.sizeBytes;
  }
}
