/** New files in a folder of the store, whole or not at all. */

import { O_CREAT, O_EXCL, O_WRONLY } from "../kernel/file.ts";
import { closeFile, openPlain } from "../native/file.ts";
import { cString, syscall } from "../native/syscall.ts";

/** How temporary names start: what an interrupted landlockd left behind is known by it. */
export const TEMPORARY_PREFIX = ".new-";

/** Writes bytes to a file of a new, temporary name, 0600. Its name; undefined (and no file) where that fails. */
export function createNew(folderFd: number, bytes: Uint8Array): string | undefined {
  const name = `${TEMPORARY_PREFIX}${crypto.randomUUID()}`;
  const fd = openPlain(folderFd, name, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  if (fd < 0) return undefined;
  const written = syscall("write", fd, bytes, bytes.byteLength);
  closeFile(fd);
  if (written === bytes.byteLength) return name;
  syscall("unlinkat", folderFd, cString(name), 0);
  return undefined;
}
