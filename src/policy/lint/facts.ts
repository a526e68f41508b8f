/** What the linter may know of the host: a value, so that every rule is tested without one. */

import { ARCHES, type Arch } from "../../kernel/syscalls.ts";
import type { Reals } from "../grants.ts";
import type { Policy } from "../policy.ts";

/** What stands at a path, symlinks followed. `unknown`: this user may not look. */
export type Kind = "file" | "folder" | "device" | "other" | "missing" | "unknown";

export interface Facts extends Reals {
  /** What is at the path. */
  kind(path: string): Kind;
  /** Landlock's ABI on the host that the policy is for; undefined where that isn't known: no rule then asks for it. */
  readonly landlockAbi: number | undefined;
  readonly arch: Arch;
  readonly uid: number;
  readonly home: string | undefined;
  /** The working folder, as the kernel tells it: without links. */
  readonly cwd: string | undefined;
  /** The absolute folders of PATH. */
  readonly pathFolders: readonly string[];
  /** The file of landlockd itself. */
  readonly executable: string | undefined;
  /** The folders of compiled plans and of the key that authenticates them. */
  readonly storeFolders: readonly string[];
  /** Why no run of this policy starts from a stored plan; undefined where one may. */
  readonly coldReason: (policy: Policy) => string | undefined;
  /** The policy's own file; undefined for a built-in one. */
  readonly policyFile: string | undefined;
}

/** The facts of a host of which nothing is known: what a rule must stay silent on. */
export const NO_FACTS: Facts = {
  kind: () => "unknown",
  real: (path) => path,
  landlockAbi: undefined,
  arch: ARCHES[0] ?? "x86_64",
  uid: 0,
  home: undefined,
  cwd: undefined,
  pathFolders: [],
  executable: undefined,
  storeFolders: [],
  coldReason: () => undefined,
  policyFile: undefined,
};
