/** Whether a run of this process's may have a broker: tried, then explained. */

import { EBUSY } from "../kernel/errno.ts";
import { errnoName } from "../kernel/errno-names.ts";
import type { Host } from "../kernel/host.ts";
import { native } from "./library.ts";

/** The host, with what it says to a filter that has a listener. It costs a process. */
export function probeListener(host: Host): Host {
  if (!host.seccomp.notify) return host;
  const errno = -native().ll_probe_listener();
  if (errno === 0) return host;
  const refusal =
    errno === EBUSY
      ? "one that is another's: this process is in a sandbox with a broker, and the kernel allows one (EBUSY)"
      : `none that can be used (seccomp: ${errnoName(errno)})`;
  return { ...host, seccomp: { ...host.seccomp, notify: false, refusal } };
}
