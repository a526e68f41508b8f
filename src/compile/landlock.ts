/**
 * Policy × Landlock ABI → the rulesets of a run. Pure.
 *
 * Net and scopes ride in the first file layer's ruleset: a layer of their own would cost one of the sixteen, and before
 * Linux 6.15 would deny `refer` in all the others, since a layer that doesn't handle it denies it.
 */

import type { KeyPath, Unsupported } from "../base/errors.ts";
import {
  abiText,
  FS_RIGHTS,
  hostAbiText,
  NET_RIGHTS,
  type Right,
  rightOf,
  rightsMask,
  SCOPES,
  supportedFs,
  supportedNet,
  supportedScopes,
} from "../kernel/landlock.ts";
import { dotted } from "../policy/finding.ts";
import type { FsLayer, Policy } from "../policy/policy.ts";

export type Rule =
  | {
      readonly kind: "path";
      readonly path: string;
      /** LANDLOCK_ACCESS_FS_* bits. */
      readonly access: number;
      readonly optional: boolean;
      readonly key: KeyPath;
    }
  | {
      readonly kind: "port";
      readonly port: number;
      /** LANDLOCK_ACCESS_NET_* bits. */
      readonly access: number;
      readonly key: KeyPath;
    };

/** One landlock_create_ruleset(2) with its rules; enforced in the order of the list. Never without a handled right. */
export interface Ruleset {
  readonly handledFs: number;
  readonly handledNet: number;
  readonly scoped: number;
  readonly rules: readonly Rule[];
  readonly key: KeyPath;
}

/** What the host says of its Landlock; ABI 0 where there is none. */
export interface LandlockHost {
  readonly abi: number;
  /** As LANDLOCK_CREATE_RULESET_ERRATA reports them. */
  readonly errata: number;
}

export interface LandlockPlan {
  readonly rulesets: readonly Ruleset[];
  /** Items of the policy that aren't in the rulesets because the host lacks them: the run fails, or reports them. */
  readonly unsupported: readonly Unsupported[];
  /** Those that the policy does without by name: they fail no run, and each run says so. */
  readonly without: readonly Unsupported[];
  /** Built-in scopes that the host lacks. No policy asked for them, so they fail no run; `run.degraded` reports them. */
  readonly degraded: readonly Unsupported[];
}

/** The rulesets that hold a run to its policy on a host; at least one wherever there is Landlock. */
export function compileLandlock(policy: Policy, host: LandlockHost): LandlockPlan {
  const unsupported: Lack[] = [];
  const handling: Ruleset[] = [];
  for (const [index, layer] of policy.fs_layer.entries()) {
    const compiled = compileFsLayer(layer, ["fs_layer", index], host.abi);
    unsupported.push(...compiled.unsupported);
    if (compiled.ruleset.handledFs !== 0) handling.push(compiled.ruleset);
  }
  const net = compileNet(policy, host.abi);
  unsupported.push(...net.unsupported);
  const scopes = compileScopes(policy, host.abi);

  if (host.abi < 1) {
    const none: Unsupported = { item: "landlock", key: [], needs: abiText(1), has: hostAbiText(host.abi) };
    return { rulesets: [], unsupported: [none, ...itemsOf(unsupported)], without: [], degraded: scopes.degraded };
  }

  const [first, ...others] = handling;
  const carrier = first ?? { ...EMPTY, key: net.handled === 0 ? ["scope"] : ["net"] };
  const merged: Ruleset = {
    ...carrier,
    handledNet: net.handled,
    scoped: scopes.scoped,
    rules: [...carrier.rules, ...net.rules],
  };
  const rulesets = [restrictsSomething(merged) ? merged : placeholder(policy, host.abi), ...others];
  const named = new Set<string>(policy.without);
  const isNamed = ({ right }: Lack): boolean => named.has(right);
  return {
    rulesets,
    unsupported: itemsOf(unsupported.filter((each) => !isNamed(each))),
    without: itemsOf(unsupported.filter(isNamed)),
    degraded: scopes.degraded,
  };
}

const EMPTY: Ruleset = { handledFs: 0, handledNet: 0, scoped: 0, rules: [], key: [] };

function restrictsSomething(ruleset: Ruleset): boolean {
  return (ruleset.handledFs | ruleset.handledNet | ruleset.scoped) !== 0;
}

/**
 * A ruleset that takes nothing away, for a policy that handles nothing (the kernel refuses an empty one with ENOMSG).
 * It still keeps ptrace-like access inside the domain. `refer` is denied in every file layer unless granted, so it is
 * the right to handle; ABI 1 doesn't know it and denies it without remedy.
 */
function placeholder(policy: Policy, abi: number): Ruleset {
  const access = rightsMask(FS_RIGHTS, [abi >= 2 ? "refer" : "make_block"]);
  // After a pivot the host's "/" is above nothing: the walk up from a file ends at the new root.
  const paths = policy.runtime?.root === undefined ? ["/"] : ["/", policy.runtime.root];
  const rules = paths.map((path): Rule => ({ kind: "path", path, access, optional: false, key: [] }));
  return { handledFs: access, handledNet: 0, scoped: 0, rules, key: [] };
}

function compileFsLayer(
  layer: FsLayer,
  key: KeyPath,
  abi: number,
): { readonly ruleset: Ruleset; readonly unsupported: readonly Lack[] } {
  const supported = supportedFs(abi);
  const rules: Rule[] = [];
  for (const [index, { path, optional, allowed_access }] of layer.rule.entries()) {
    // A grant of a right that the host lacks is no loss of enforcement: the handled right is what gets reported.
    const access = rightsMask(FS_RIGHTS, allowed_access) & supported;
    if (access !== 0) rules.push({ kind: "path", path, access, optional, key: [...key, "rule", index] });
  }
  return {
    ruleset: {
      handledFs: rightsMask(FS_RIGHTS, layer.handled_access_fs) & supported,
      handledNet: 0,
      scoped: 0,
      rules,
      key,
    },
    unsupported: lacking(FS_RIGHTS, layer.handled_access_fs, [...key, "handled_access_fs"], abi),
  };
}

function compileNet(
  policy: Policy,
  abi: number,
): { readonly handled: number; readonly rules: readonly Rule[]; readonly unsupported: readonly Lack[] } {
  if (policy.net === undefined) return { handled: 0, rules: [], unsupported: [] };
  const supported = supportedNet(abi);
  const rules = policy.net.rule.flatMap((rule, index): Rule[] => {
    const access = rightsMask(NET_RIGHTS, rule.allowed_access) & supported;
    return access === 0 ? [] : [{ kind: "port", port: rule.port, access, key: ["net", "rule", index] }];
  });
  return {
    handled: rightsMask(NET_RIGHTS, policy.net.handled_access_net) & supported,
    rules,
    unsupported: lacking(NET_RIGHTS, policy.net.handled_access_net, ["net", "handled_access_net"], abi),
  };
}

function compileScopes(
  policy: Policy,
  abi: number,
): { readonly scoped: number; readonly degraded: readonly Unsupported[] } {
  const opened = new Set<string>(policy.scope?.allow ?? []);
  const wanted: string[] = [];
  for (const { name } of SCOPES) if (!opened.has(name)) wanted.push(name);
  const degraded = lacking(SCOPES, wanted, ["scope"], abi).map(({ item, needs, has }) => ({
    item,
    needs,
    has,
    key: [],
  }));
  return { scoped: rightsMask(SCOPES, wanted) & supportedScopes(abi), degraded };
}

/** A right that the ABI doesn't have. */
interface Lack extends Unsupported {
  readonly right: string;
}

function itemsOf(lacks: readonly Lack[]): Unsupported[] {
  return lacks.map(({ item, key, needs, has }) => ({ item, key, needs, has }));
}

/** One finding for each named right that the ABI doesn't have, at the place where it is named. */
function lacking(table: readonly Right[], names: readonly string[], key: KeyPath, abi: number): readonly Lack[] {
  const found: Lack[] = [];
  for (const [index, name] of names.entries()) {
    const right = rightOf(table, name);
    if (right.abi <= abi) continue;
    const has = hostAbiText(abi);
    found.push({ right: name, item: `${dotted(key)}.${name}`, key: [...key, index], needs: abiText(right.abi), has });
  }
  return found;
}
