/** Mounts that would hide each other. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { error, quote } from "../finding.ts";
import type { Policy } from "../policy.ts";
import { isBeneath } from "../tree.ts";

interface Target {
  readonly kind: "tmpfs" | "proc" | "bind";
  readonly path: string;
  readonly key: KeyPath;
}

function targets(policy: Policy): Target[] {
  const { mount } = policy;
  if (mount === undefined) return [];
  return [
    ...mount.tmpfs.map(({ path }, at): Target => ({ kind: "tmpfs", path, key: ["mount", "tmpfs", at] })),
    ...mount.proc.map((path, at): Target => ({ kind: "proc", path, key: ["mount", "proc", at] })),
    ...mount.bind.map(
      ({ target }, at): Target => ({ kind: "bind", path: target, key: ["mount", "bind", at, "target"] }),
    ),
  ];
}

/** A target on another's, or beneath a tmpfs or proc: the folder that it names is covered, and not in the new mount. */
export function checkMountTargets(policy: Policy): Finding[] {
  const all = targets(policy);
  return all.flatMap((target, at) => {
    const other = all.find((candidate, index) => index !== at && shadows(candidate, index, target, at));
    if (other === undefined) return [];
    const why =
      other.path === target.path
        ? "is a mount target already"
        : `is beneath the ${other.kind} on ${quote(other.path)}, which hides it`;
    return error(
      "mount-shadowed",
      target.key,
      `${quote(target.path)} ${why}`,
      "mount it elsewhere, or drop the other one",
    );
  });
}

/** Of two mounts on one target the second is told. */
function shadows(other: Target, otherAt: number, target: Target, at: number): boolean {
  if (other.path === target.path) return otherAt < at;
  return other.kind !== "bind" && isBeneath(target.path, other.path);
}
