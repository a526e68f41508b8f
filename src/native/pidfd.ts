/** pidfds, as pidfd_open(2) describes them. */

import { readFileSync } from "node:fs";

/** The pid of a pidfd's process as this process sees it; -1 once it was reaped, or where there is no /proc. */
export function pidOf(pidFd: number): number {
  try {
    const found = /^Pid:\s*(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidFd}`, "latin1"));
    return Number(found?.[1] ?? -1);
  } catch {
    return -1;
  }
}
