/** Mounts that would hide each other. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { error, quote } from "../finding.ts";
import type { Policy } from "../policy.ts";
import { PathIndex } from "../tree.ts";

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
  if (policy.mount === undefined) return [];
  const all = targets(policy);
  const first = new Map(all.toReversed().map((target) => [target.path, target]));
  const covers = new PathIndex(all.filter(({ kind }) => kind !== "bind").map(({ path }) => path));
  return all.flatMap((target) => {
    const cover = covers.above(target.path);
    const twice = first.get(target.path) !== target;
    if (!twice && cover === undefined) return [];
    const why = twice ? "is a mount target already" : `is beneath ${quote(cover ?? "")}, whose new mount hides it`;
    return error(
      "mount-shadowed",
      target.key,
      `${quote(target.path)} ${why}`,
      "mount it elsewhere, or drop the other one",
    );
  });
}
