/** What the layers of a policy grant together, as questions about paths. */

import { FS_RIGHTS, type FsRight, rightsMask } from "../kernel/landlock.ts";
import type { Bind, Policy } from "./policy.ts";
import { isBeneath, isWithin, upwards } from "./tree.ts";

/** What stands behind names. */
export interface Reals {
  /** The path with all symlinks resolved; of what doesn't exist, the part that does. */
  real(path: string): string;
}

/** The rights that change something. Device nodes are left out: they take a capability that no run has. */
export const WRITE_RIGHTS: readonly FsRight[] = [
  "write_file",
  "truncate",
  "remove_dir",
  "remove_file",
  "make_dir",
  "make_reg",
  "make_sock",
  "make_fifo",
  "make_sym",
];

const WRITE_MASK = rightsMask(FS_RIGHTS, WRITE_RIGHTS);

/** One layer: what it handles, and what it grants on each path with a rule. */
export interface LayerGrants {
  readonly handled: number;
  readonly granted: ReadonlyMap<string, number>;
  /** What is granted somewhere beneath a path. */
  readonly beneath: ReadonlyMap<string, number>;
}

/**
 * The layers with their rules on real paths. A rule on a place where something is bound holds on what is bound, and is
 * listed there too; through a read-only bind nothing is written.
 */
export function layerGrants(policy: Policy, facts: Reals): readonly LayerGrants[] {
  return policy.fs_layer.map((layer) => {
    const granted = new Map<string, number>();
    const beneath = new Map<string, number>();
    const add = (path: string, mask: number): void => {
      granted.set(path, (granted.get(path) ?? 0) | mask);
      for (const above of upwards(path)) beneath.set(above, (beneath.get(above) ?? 0) | mask);
    };
    for (const rule of layer.rule) {
      const mask = rightsMask(FS_RIGHTS, rule.allowed_access);
      add(facts.real(rule.path), mask);
      for (const bind of policy.mount?.bind ?? []) {
        const path = throughBind(rule.path, bind);
        if (path !== undefined) add(facts.real(path), bind.read_only ? mask & ~WRITE_MASK : mask);
      }
    }
    return { handled: rightsMask(FS_RIGHTS, layer.handled_access_fs), granted, beneath };
  });
}

/** Where a rule on `path` holds once the bind is made. */
export function throughBind(path: string, bind: Bind): string | undefined {
  if (isWithin(bind.target, path)) return bind.source;
  return isBeneath(path, bind.target) ? `${bind.source}${path.slice(bind.target.length)}` : undefined;
}

/** Denied by every layer that doesn't grant it, also where it isn't handled (Documentation/userspace-api/landlock.rst). */
const REFER = rightsMask(FS_RIGHTS, ["refer"]);

/** The rights that one layer leaves at a path: what it doesn't handle, and what it grants on the way there. */
export function leftAt(layer: LayerGrants, path: string): number {
  let mask = ~(layer.handled | REFER);
  for (const above of upwards(path)) mask |= layer.granted.get(above) ?? 0;
  return mask;
}

/** The rights that all layers leave at a path. */
export function accessAt(layers: readonly LayerGrants[], path: string): number {
  return layers.reduce((mask, layer) => mask & leftAt(layer, path), -1);
}

/** The rights that some layer handles. */
export function handledAnywhere(layers: readonly LayerGrants[]): number {
  return layers.reduce((mask, layer) => mask | layer.handled, 0);
}

/** The write rights that the policy's rules leave at a path: not those that it never restricts. */
export function writesAt(layers: readonly LayerGrants[], path: string): number {
  return accessAt(layers, path) & handledAnywhere(layers) & WRITE_MASK;
}
