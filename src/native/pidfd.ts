/** pidfds, as pidfd_open(2) describes them. */

import { fieldOf } from "../base/field.ts";
import { EINTR, ESRCH } from "../kernel/errno.ts";
import { readText } from "./file.ts";
import { syscall } from "./syscall.ts";

/** The pid of a pidfd's process as this process sees it; -1 once it was reaped, or where there is no /proc. */
export function pidOf(pidFd: number): number {
  return Number(fieldOf(readText(`/proc/self/fdinfo/${pidFd}`) ?? "", "Pid") ?? -1);
}

/** linux/pidfd.h: _IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info), the first version of the struct (Linux 6.13). */
const PIDFD_GET_INFO = 0xc040_ff0b;
const INFO_BYTES = 64;
/** Linux 6.15. */
const PIDFD_INFO_EXIT = 8n;
const EXIT_CODE_AT = 60;
const POLLIN = 1;
const TRIES_MAX = 8;

/**
 * Whether the process of a pidfd runs, or how it ended, without waiting: a wait status where the kernel tells it.
 * zombie: it ended, and its parent hasn't asked yet; the status is told after that. gone: it ended, and that is all.
 */
export function processState(pidFd: number): "running" | "zombie" | "gone" | number {
  const info = new BigUint64Array(INFO_BYTES / 8);
  // While it is being reaped it is neither there nor has it ended: asked again, the kernel knows.
  let told = -ESRCH;
  for (let tries = 0; told === -ESRCH && tries < TRIES_MAX; tries++) {
    info[0] = PIDFD_INFO_EXIT;
    told = syscall("ioctl", pidFd, PIDFD_GET_INFO, info);
  }
  if (told === 0 && ((info[0] ?? 0n) & PIDFD_INFO_EXIT) !== 0n) {
    return new DataView(info.buffer).getInt32(EXIT_CODE_AT, true);
  }
  const poll = new Int32Array([pidFd, POLLIN]);
  let ready = -EINTR;
  while (ready === -EINTR) ready = syscall("ppoll", poll, 1, new BigInt64Array(2), 0, 0);
  if (ready === 0) return "running";
  return told === 0 ? "zombie" : "gone";
}
