/** Writes a plan file where a person wants it: whole, or not at all. */

import { EINTR } from "../kernel/errno.ts";
import { ARCH_FLAGS, O_CLOEXEC, O_CREAT, O_EXCL, O_PATH, O_WRONLY, S_IFREG } from "../kernel/file.ts";
import { closeFile, openFile, statusOf } from "../native/file.ts";
import { ARCH, cString, syscall } from "../native/syscall.ts";
import { TEMPORARY_PREFIX } from "./write.ts";

function writeAll(fd: number, bytes: Uint8Array): number {
  for (let rest = bytes; rest.length > 0; ) {
    const written = syscall("write", fd, rest, rest.length);
    if (written >= 0) rest = rest.subarray(written);
    else if (written !== -EINTR) return written;
  }
  return 0;
}

/** Whether anything but a regular file is there, which a rename would replace: a device, a folder, a symlink. */
export function isTaken(path: string): boolean {
  const fd = openFile(path, O_PATH | ARCH_FLAGS[ARCH].O_NOFOLLOW);
  if (fd < 0) return false;
  const status = statusOf(fd);
  closeFile(fd);
  return typeof status === "number" || status.type !== S_IFREG;
}

/**
 * Writes bytes to a temporary name in an open folder and renames it; permissions are those of any new file. Anything
 * that can be named is replaced: ask `isTaken` first. 0, or a positive errno.
 */
export function replaceFile(folderFd: number, name: string, bytes: Uint8Array): number {
  const temporary = `${TEMPORARY_PREFIX}${crypto.randomUUID()}`;
  const fd = syscall("openat", folderFd, cString(temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666);
  if (fd < 0) return -fd;
  let result = writeAll(fd, bytes);
  closeFile(fd);
  if (result === 0) result = syscall("renameat", folderFd, cString(temporary), folderFd, cString(name));
  if (result < 0) syscall("unlinkat", folderFd, cString(temporary), 0);
  return -result;
}
