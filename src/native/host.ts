/** Probes the host. Cheap, and without effect on it: a handful of system calls that change nothing. */

import type { Host } from "../kernel/host.ts";
import { addressOf, native } from "./library.ts";
import { ARCH } from "./syscall.ts";

/** struct ll_host of csrc/front/host.h. */
const HOST_BYTES = 104;
const RELEASE_AT = 32;

/** What this host can enforce, now and for this process. */
export function probeHost(): Host {
  const bytes = new Uint8Array(HOST_BYTES);
  const result = native().ll_probe_host(addressOf(bytes));
  if (result < 0) throw new Error(`uname: errno ${-result}`);
  const [lower = 0, upper = 0, abi = 0, errata = 0, errno = 0, uid = 0, filter, notify] = new Uint32Array(bytes.buffer);
  const release = bytes.subarray(RELEASE_AT, bytes.indexOf(0, RELEASE_AT));
  return {
    arch: ARCH,
    release: new TextDecoder().decode(release),
    uid,
    landlock: { abi, errata, errno },
    seccomp: { filter: filter === 1, notify: notify === 1 },
    capabilities: BigInt(lower) | (BigInt(upper) << 32n),
  };
}
