/** A host to compile for, where a test needs no real one: Linux 6.18, Landlock ABI 7. */

import type { Host } from "../../src/kernel/host.ts";

export const HOST: Host = {
  arch: "x86_64",
  release: "6.18.0",
  uid: 0,
  landlock: { abi: 7, errata: 0, errno: 0 },
  seccomp: { filter: true, notify: true },
  capabilities: 0n,
};
