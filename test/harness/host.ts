/** What is compiled, and for what, where a test needs no real one. */

import type { Host } from "../../src/kernel/host.ts";
import type { Broker } from "../../src/policy/policy.ts";

/** Linux 6.18, Landlock ABI 7. */
export const HOST: Host = {
  arch: "x86_64",
  release: "6.18.0",
  uid: 0,
  landlock: { abi: 7, errata: 0, errno: 0 },
  seccomp: { filter: true, notify: true },
  capabilities: 0n,
};

/** A `[broker]` table that is there and lists nothing. */
export const NO_BROKER: Broker = {
  allow_read: [],
  allow_write: [],
  scratch: [],
  export: [],
  mount_tmpfs: [],
  mount_bind: [],
  mount_object: [],
};
