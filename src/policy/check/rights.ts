/** Rights that a rule grants without its layer handling them: the kernel refuses such a rule (EINVAL). */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { LANDLOCK_MAX_LAYERS } from "../../kernel/landlock.ts";
import { error } from "../finding.ts";
import type { Policy } from "../policy.ts";

export function checkRights(policy: Policy): Finding[] {
  const files = policy.fs_layer.flatMap(({ handled_access_fs: handled, rule }, index) =>
    checkRules(handled, rule, "handled_access_fs", ["fs_layer", index, "rule"]),
  );
  const { net } = policy;
  if (net === undefined) return files;
  return files.concat(checkRules(net.handled_access_net, net.rule, "handled_access_net", ["net", "rule"]));
}

interface Rule {
  readonly allowed_access: readonly string[];
}

function checkRules(handled: readonly string[], rules: readonly Rule[], list: string, key: KeyPath): Finding[] {
  const findings: Finding[] = [];
  for (const [at, { allowed_access: allowed }] of rules.entries()) {
    if (!isHandled(handled, allowed)) findings.push(...unhandled(handled, allowed, list, [...key, at]));
  }
  return findings;
}

function isHandled(handled: readonly string[], allowed: readonly string[]): boolean {
  for (const right of allowed) if (!handled.includes(right)) return false;
  return true;
}

function unhandled(handled: readonly string[], allowed: readonly string[], list: string, rule: KeyPath): Finding[] {
  return allowed.flatMap((right, at) =>
    handled.includes(right)
      ? []
      : error(
          "right-not-handled",
          [...rule, "allowed_access", at],
          `${right} is granted, but ${list} doesn't list it`,
          `add "${right}" to ${list}, which also denies it everywhere else, or take it out here`,
        ),
  );
}

/** Each fs_layer becomes one layer; `[net]` and the scopes ride in the first. */
export function checkLayerCount(policy: Policy): Finding[] {
  if (policy.fs_layer.length <= LANDLOCK_MAX_LAYERS) return [];
  return [
    error(
      "too-many-layers",
      ["fs_layer", LANDLOCK_MAX_LAYERS],
      `the policy has ${policy.fs_layer.length} fs_layers; the kernel takes ${LANDLOCK_MAX_LAYERS}`,
      "put rules into one layer: within a layer, rules add up",
    ),
  ];
}
