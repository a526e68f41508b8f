/**
 * `[mount]` and `runtime.root` → the operations that the keeper performs in namespaces of the run's own. Pure.
 *
 * Trees that are bound are taken before anything is mounted, so that every source is what it is on the host; then the
 * mounts follow, the outer before the inner, whatever their order in the policy.
 */

import type { KeyPath, Unsupported } from "../base/errors.ts";
import { canMount, type Host } from "../kernel/host.ts";
import { MAX_BINDS } from "../plan/layout.ts";
import type { PlanOp } from "../plan/plan.ts";
import type { Mount, Policy } from "../policy/policy.ts";

const CLONE_NEWNS = 0x20000;
const CLONE_NEWUSER = 0x10000000;
const CLONE_NEWPID = 0x20000000;
const TMPFS_MODE = 0o1777;

export interface MountPlan {
  /** CLONE_NEW* flags; 0 where nothing is mounted. */
  readonly namespaces: number;
  /** In front of the first ruleset. */
  readonly before: readonly PlanOp[];
  /** After the last rule. */
  readonly after: readonly PlanOp[];
  readonly unsupported: readonly Unsupported[];
}

const NOTHING: MountPlan = { namespaces: 0, before: [], after: [], unsupported: [] };
const NO_MOUNTS: Mount = { tmpfs: [], proc: [], bind: [] };

/** The item and key that a policy needs mounts for; undefined where it needs none. */
export function mountNeed(policy: Policy): KeyPath | undefined {
  const { tmpfs, proc, bind } = policy.mount ?? NO_MOUNTS;
  if (policy.runtime?.root !== undefined) return ["runtime", "root"];
  return tmpfs.length + proc.length + bind.length > 0 ? ["mount"] : undefined;
}

/** What of a policy is mounted, and as whom. */
export function compileMounts(policy: Policy, host: Host): MountPlan {
  const need = mountNeed(policy);
  if (need === undefined) return NOTHING;
  const unsupported = missing(policy, host, need);
  if (unsupported.length > 0) return { ...NOTHING, unsupported };
  const mount = policy.mount ?? NO_MOUNTS;
  const root = policy.runtime?.root;
  const asUser = !canMount(host);
  return {
    namespaces: CLONE_NEWNS | (asUser ? CLONE_NEWUSER : 0) | (mount.proc.length > 0 ? CLONE_NEWPID : 0),
    before: [
      ...(asUser ? [{ kind: "identity", key: need } as const] : []),
      { kind: "private_mounts", key: need },
      ...mount.bind.map(sourceOp),
      ...(root === undefined ? [] : [{ kind: "root", text: root, key: ["runtime", "root"] } as const]),
      ...mountOps(mount),
      ...(root === undefined && policy.runtime?.cwd === undefined ? [{ kind: "enter_cwd" } as const] : []),
    ],
    after: root === undefined ? [] : [{ kind: "pivot", key: ["runtime", "root"] }],
    unsupported: [],
  };
}

function missing(policy: Policy, host: Host, key: KeyPath): Unsupported[] {
  const binds = policy.mount?.bind.length ?? 0;
  const item = key.join(".");
  if (binds > MAX_BINDS) {
    return [{ item: "mount.bind", key: ["mount", "bind"], needs: `at most ${MAX_BINDS} binds`, has: `${binds}` }];
  }
  const refusal = host.namespaces?.refusal;
  if (refusal === undefined) return [];
  return [{ item, key, needs: canMount(host) ? "a mount namespace" : "an unprivileged user namespace", has: refusal }];
}

function sourceOp(bind: Mount["bind"][number], index: number): PlanOp {
  return {
    kind: "bind_source",
    flags: bind.read_only ? 1 : 0,
    text: bind.source,
    key: ["mount", "bind", index, "source"],
  };
}

function depth(path: string): number {
  return path === "/" ? 0 : path.split("/").length;
}

/** A mount that is made beneath another's target lands on it only if it is made later. */
function mountOps(mount: Mount): PlanOp[] {
  const ops: (PlanOp & { readonly text: string })[] = [
    ...mount.bind.map(({ target }, at) => {
      return { kind: "bind", a: at, text: target, key: ["mount", "bind", at, "target"] } as const;
    }),
    ...mount.tmpfs.map(({ path, size, mode }, at) => {
      return { kind: "tmpfs", a: size ?? 0, b: mode ?? TMPFS_MODE, text: path, key: ["mount", "tmpfs", at] } as const;
    }),
    ...mount.proc.map((path, at) => ({ kind: "proc", text: path, key: ["mount", "proc", at] }) as const),
  ];
  return ops.toSorted((one, other) => depth(one.text) - depth(other.text));
}
