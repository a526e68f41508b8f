/** Symbolic links of this host, and how a path is opened that may have some of an earlier run's. */

import { ELOOP, ENOSYS } from "../kernel/errno.ts";
import { ARCH_FLAGS, AT_FDCWD, O_CLOEXEC, O_PATH, PATH_MAX, S_IFLNK } from "../kernel/file.ts";
import { closeFile, isWritable, openFile, openPlain, statusAt, statusOf } from "./file.ts";
import { ARCH, cString, syscall } from "./syscall.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function readLink(path: string): string | undefined {
  const target = new Uint8Array(PATH_MAX);
  const length = syscall("readlinkat", AT_FDCWD, cString(path), target, target.length);
  return length > 0 && length < target.length ? decoder.decode(target.subarray(0, length)) : undefined;
}

/** Name by name, where there is no openat2: in a run of landlockd. */
function hasLink(path: string): boolean {
  for (let end = path.indexOf("/", 1); ; end = path.indexOf("/", end + 1)) {
    if (readLink(end < 0 ? path : path.slice(0, end)) !== undefined) return true;
    if (end < 0) return false;
  }
}

/** What src/compile/links.ts asks of the host. */
export const HOST_LINKS = {
  isPlain(path: string): boolean {
    const fd = openPlain(AT_FDCWD, path, O_PATH);
    if (fd >= 0) closeFile(fd);
    return fd === -ENOSYS ? !hasLink(path) : fd !== -ELOOP;
  },

  readLink: (path: string): string | undefined => readLink(path),

  /** Its owner may, whatever the mode is now. */
  mayRename(folder: string): boolean {
    if (isWritable(folder)) return true;
    const status = statusAt(folder);
    return typeof status !== "number" && status.uid === syscall("geteuid");
  },
} as const;

/** Opens as ll_open_path (csrc/plan/open.c): behind the trusted bytes no symbolic link is followed. An fd, or -errno. */
export function openClosed(text: string, trusted: number, flags: number): number {
  const whole = openPlain(AT_FDCWD, text, flags);
  if (whole !== -ELOOP && whole !== -ENOSYS) return whole;
  const bytes = Buffer.from(text);
  const names = bytes
    .subarray(trusted)
    .toString()
    .split("/")
    .filter((name) => name !== "");
  let at = openFile(bytes.subarray(0, trusted), names.length === 0 ? flags : O_PATH);
  for (let name = names.shift(); name !== undefined && at >= 0; name = names.shift()) {
    const how = (names.length === 0 ? flags : O_PATH) | ARCH_FLAGS[ARCH].O_NOFOLLOW | O_CLOEXEC;
    const next = syscall("openat", at, cString(name), how);
    closeFile(at);
    at = next;
    const status = at < 0 ? at : statusOf(at);
    if (typeof status === "number" || status.type !== S_IFLNK) continue;
    closeFile(at);
    at = -ELOOP;
  }
  return at;
}
