/** The end of a process that received requests while the front became this process (csrc/front/beside.h). */

import { EINTR } from "../kernel/errno.ts";
import { SECCOMP_NOTIF_SIZE_BYTES } from "../kernel/seccomp.ts";
import { syscall } from "./syscall.ts";

const SHUT_WR = 1;
const WALL = 0x40000000;

/**
 * Ends it, and gives the requests that it left: each a struct seccomp_notif.
 * @throws Error where it ended by itself: a caller may wait for an answer that never comes.
 */
export function endBeside({ pid, fd }: { readonly pid: number; readonly fd: number }): Uint8Array[] {
  const requests: Uint8Array[] = [];
  const status = new Int32Array(1);
  syscall("shutdown", fd, SHUT_WR);
  for (;;) {
    const request = new Uint8Array(SECCOMP_NOTIF_SIZE_BYTES);
    const size = syscall("recvfrom", fd, request, request.length, 0, 0, 0);
    if (size === request.length) requests.push(request);
    else if (size !== -EINTR) break;
  }
  while (syscall("wait4", pid, status, WALL, 0) === -EINTR);
  syscall("close", fd);
  if (status[0] !== 0) throw new Error("a process of landlockd's was killed");
  return requests;
}
