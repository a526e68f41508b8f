/** What a host can enforce, as a value: probed in one place (native/host.ts), compiled against, shown by `doctor`. */

import type { Arch } from "./syscalls.ts";

const CAP_SYS_ADMIN = 21n;

export interface Host {
  readonly arch: Arch;
  /** uname -r. */
  readonly release: string;
  /** Effective user id. */
  readonly uid: number;
  readonly landlock: {
    /** 0 where there is none. */
    readonly abi: number;
    readonly errata: number;
    /** Why there is none; a positive errno of landlock_create_ruleset(2). */
    readonly errno: number;
  };
  readonly seccomp: {
    /** SECCOMP_SET_MODE_FILTER with the actions that a run needs. */
    readonly filter: boolean;
    /** SECCOMP_RET_USER_NOTIF. */
    readonly notify: boolean;
    /** What there is in place of a listener of one's own; asked for by `doctor` and a dry run only: it costs a process. */
    readonly refusal?: string;
  };
  /** Asked for only where a policy mounts something, or by `doctor`: it costs a process. */
  readonly namespaces?: {
    /** Why this process can't mount in namespaces of its own; absent where it can. */
    readonly refusal?: string;
  };
  /** Effective capabilities, as in /proc/self/status. */
  readonly capabilities: bigint;
}

/** Privileged enough for a mount namespace without a user namespace. */
export function canMount(host: Pick<Host, "capabilities">): boolean {
  return ((host.capabilities >> CAP_SYS_ADMIN) & 1n) === 1n;
}
