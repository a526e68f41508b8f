/** pidfds, as pidfd_open(2) describes them. */

import { readText } from "./file.ts";

/** The pid of a pidfd's process as this process sees it; -1 once it was reaped, or where there is no /proc. */
export function pidOf(pidFd: number): number {
  const found = /^Pid:\s*(-?\d+)$/m.exec(readText(`/proc/self/fdinfo/${pidFd}`) ?? "");
  return Number(found?.[1] ?? -1);
}
