/** Probes the host. Cheap, and without effect on it: a handful of system calls that change nothing. */

import type { Host } from "../kernel/host.ts";
import { readText } from "./file.ts";
import { ARCH, syscall } from "./syscall.ts";

const LANDLOCK_CREATE_RULESET_VERSION = 1;
const LANDLOCK_CREATE_RULESET_ERRATA = 2;
const SECCOMP_GET_ACTION_AVAIL = 2;
const SECCOMP_RET_USER_NOTIF = 0x7fc00000;
const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const CAP_VERSION_3 = 0x20080522;

function landlock(): Host["landlock"] {
  const abi = syscall("landlock_create_ruleset", 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) return { abi: 0, errata: 0, errno: -abi };
  // EINVAL before Linux 6.15: no errata reported.
  const errata = syscall("landlock_create_ruleset", 0, 0, LANDLOCK_CREATE_RULESET_ERRATA);
  return { abi, errata: Math.max(errata, 0), errno: 0 };
}

function hasAction(action: number): boolean {
  return syscall("seccomp", SECCOMP_GET_ACTION_AVAIL, 0, new Uint32Array([action])) === 0;
}

function capabilities(): bigint {
  const header = new Uint32Array([CAP_VERSION_3, 0]);
  const data = new Uint32Array(6);
  if (syscall("capget", header, data) < 0) return 0n;
  return BigInt(data[0] ?? 0) | (BigInt(data[3] ?? 0) << 32n);
}

/** What this host can enforce, now and for this process. */
export function probeHost(): Host {
  return {
    arch: ARCH,
    release: (readText("/proc/sys/kernel/osrelease") ?? "").trim(),
    uid: syscall("geteuid"),
    landlock: landlock(),
    seccomp: { filter: hasAction(SECCOMP_RET_KILL_PROCESS), notify: hasAction(SECCOMP_RET_USER_NOTIF) },
    capabilities: capabilities(),
  };
}
