/** Keeps the store small: it lies in memory as a rule. */

import { O_RDONLY } from "../kernel/file.ts";
import { closeFile } from "../native/file.ts";
import { cString, syscall } from "../native/syscall.ts";
import { openPlain } from "./place.ts";

/** Most plans in a store. */
export const PLANS_MAX = 256;
/** Most bytes of all plans together, and of one. */
export const STORE_BYTES_MAX: number = 16 * 1024 * 1024;
export const PLAN_BYTES_MAX: number = 4 * 1024 * 1024;

/** A plan of at most this size can't overfill a store that holds no more than PLANS_MAX of its kind. */
const SMALL_BYTES: number = STORE_BYTES_MAX / PLANS_MAX;

const DIRENT_RECLEN_AT = 16;
const DIRENT_NAME_AT = 19;

/** The names in a folder, but for "." and ".."; getdents64(2), whose layout is the same on every architecture. */
function namesIn(folderFd: number): string[] {
  const fd = openPlain(folderFd, ".", O_RDONLY);
  if (fd < 0) return [];
  const names: string[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  for (let size = 1; size > 0; ) {
    size = syscall("getdents64", fd, buffer, buffer.length);
    for (let at = 0; at < size; at += buffer.readUInt16LE(at + DIRENT_RECLEN_AT)) {
      const end = buffer.indexOf(0, at + DIRENT_NAME_AT);
      names.push(buffer.toString("latin1", at + DIRENT_NAME_AT, end));
    }
  }
  closeFile(fd);
  return names.filter((name) => name !== "." && name !== "..");
}

const STATX_BYTES = 256;
const STATX_BASIC_STATS = 0x7ff;
const SIZE_AT = 40;
const MTIME_AT = 112;

interface Entry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modified: bigint;
}

function entryOf(folderFd: number, name: string): Entry {
  const view = new DataView(new ArrayBuffer(STATX_BYTES));
  const bytes = new Uint8Array(view.buffer);
  syscall("statx", folderFd, cString(name), 0x100, STATX_BASIC_STATS, bytes);
  return { name, sizeBytes: Number(view.getBigUint64(SIZE_AT, true)), modified: view.getBigInt64(MTIME_AT, true) };
}

/** Makes room for a plan of `sizeBytes`: the oldest go first, and as many at once that this is seldom done. */
export function makeRoom(folderFd: number, sizeBytes: number): void {
  const names = namesIn(folderFd);
  if (names.length < PLANS_MAX && sizeBytes <= SMALL_BYTES) return;
  const entries = names.map((name) => entryOf(folderFd, name)).sort((a, b) => Number(a.modified - b.modified));
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
