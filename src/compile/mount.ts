/**
 * `[mount]` and `runtime.root` → the operations that the keeper performs in namespaces of the run's own. Pure.
 *
 * Trees that are bound are taken before anything is mounted, so that every source is what it is on the host; then the
 * mounts follow, the outer before the inner, whatever their order in the policy.
 */

import type { KeyPath, Unsupported } from "../base/errors.ts";
import { canMount, type Host } from "../kernel/host.ts";
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, MOUNT_CALLS } from "../kernel/mount.ts";
import { MAX_BINDS } from "../plan/layout.ts";
import type { PlanOp } from "../plan/plan.ts";
import type { Bind, Broker, Mount, Policy } from "../policy/policy.ts";
import { isBeneath } from "../policy/tree.ts";

const TMPFS_MODE = 0o1777;

export interface MountPlan {
  /** CLONE_NEW* flags; 0 where nothing is mounted. */
  readonly namespaces: number;
  /** In front of the first ruleset. */
  readonly before: readonly PlanOp[];
  /** After the last rule. */
  readonly after: readonly PlanOp[];
  /** System calls for the broker, which the filter of protections must leave open. */
  readonly traps: readonly string[];
  readonly unsupported: readonly Unsupported[];
}

const NOTHING: MountPlan = { namespaces: 0, before: [], after: [], traps: [], unsupported: [] };
const NO_MOUNTS: Mount = { tmpfs: [], proc: [], bind: [] };

/** The list of `[broker]` that lets the workload itself mount, if one does. */
export function brokeredMounts({ broker }: Policy): KeyPath | undefined {
  if (broker === undefined) return undefined;
  for (const list of ["mount_tmpfs", "mount_bind", "mount_object"] as const) {
    if (broker[list].length > 0) return ["broker", list];
  }
  return undefined;
}

/** The item and key that a policy needs mounts for; undefined where it needs none. */
export function mountNeed(policy: Policy): KeyPath | undefined {
  const { tmpfs, proc, bind } = policy.mount ?? NO_MOUNTS;
  if (policy.runtime?.root !== undefined) return ["runtime", "root"];
  return tmpfs.length + proc.length + bind.length > 0 ? ["mount"] : brokeredMounts(policy);
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
  const hasProc =
    mount.proc.length > 0 || policy.broker?.mount_object.some(({ fs_type }) => fs_type === "proc") === true;
  const brokered = brokeredMounts(policy) !== undefined;
  const own = mountOps(mount);
  return {
    namespaces: CLONE_NEWNS | (asUser ? CLONE_NEWUSER : 0) | (hasProc ? CLONE_NEWPID : 0),
    before: [
      ...(asUser ? [{ kind: "identity", key: need } as const] : []),
      { kind: "private_mounts", key: need },
      ...mount.bind.map((bind, at) => sourceOp(bind, ["mount", "bind", at, "source"])),
      ...(policy.broker?.mount_bind ?? []).map((bind, at) => sourceOp(bind, ["broker", "mount_bind", at, "source"])),
      ...(root === undefined ? [] : [{ kind: "root", text: root, key: ["runtime", "root"] } as const]),
      ...own,
      ...(own.length > 0 && root === undefined && policy.runtime?.cwd === undefined
        ? [{ kind: "enter_cwd" } as const]
        : []),
      ...(policy.broker === undefined ? [] : allowOps(policy.broker, root, mount.bind.length)),
    ],
    after: root === undefined ? [] : [{ kind: "pivot", key: ["runtime", "root"] }],
    traps: brokered ? MOUNT_CALLS : [],
    unsupported: [],
  };
}

function missing(policy: Policy, host: Host, key: KeyPath): Unsupported[] {
  const binds = (policy.mount?.bind.length ?? 0) + (policy.broker?.mount_bind.length ?? 0);
  const item = key.join(".");
  if (binds > MAX_BINDS) {
    return [{ item: "mount.bind", key: ["mount", "bind"], needs: `at most ${MAX_BINDS} binds`, has: `${binds}` }];
  }
  const refusal = host.namespaces?.refusal;
  if (refusal === undefined) return [];
  return [{ item, key, needs: canMount(host) ? "a mount namespace" : "an unprivileged user namespace", has: refusal }];
}

function sourceOp(bind: Bind, key: KeyPath): PlanOp {
  return { kind: "bind_source", flags: bind.read_only ? 1 : 0, text: bind.source, key };
}

/** A host path as it is inside the root; undefined for what isn't there. */
function inside(path: string, root: string | undefined): string | undefined {
  if (root === undefined || root === "/") return path;
  return isBeneath(path, root) ? path.slice(root.length) : undefined;
}

/** A target outside the root, or the root itself, is nowhere: no mount is ever made there. */
function targetOp(op: PlanOp, path: string, root: string | undefined): PlanOp[] {
  const text = inside(path, root);
  return text === undefined || text === "/" ? [] : [{ ...op, text }];
}

/** What the workload may mount itself. Its binds' sources are numbered from `firstSource`. */
function allowOps(broker: Broker, root: string | undefined, firstSource: number): PlanOp[] {
  return [
    ...broker.mount_tmpfs.flatMap((path, at) =>
      targetOp({ kind: "allow_tmpfs", key: ["broker", "mount_tmpfs", at] }, path, root),
    ),
    ...broker.mount_bind.flatMap(({ target, read_only }, at) => {
      const key: KeyPath = ["broker", "mount_bind", at];
      return targetOp({ kind: "allow_bind", flags: read_only ? 1 : 0, a: firstSource + at, key }, target, root);
    }),
    ...broker.mount_object.flatMap(({ fs_type, attach }, at): PlanOp[] => {
      const key: KeyPath = ["broker", "mount_object", at];
      return [
        { kind: "allow_object", flags: fs_type === "tmpfs" ? 1 : 2, key },
        ...attach.flatMap((path, index) =>
          targetOp({ kind: "allow_attach", key: [...key, "attach", index] }, path, root),
        ),
      ];
    }),
  ];
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
