/** Rights that a rule grants without its layer handling them: the kernel refuses such a rule (EINVAL). */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { LANDLOCK_MAX_LAYERS } from "../../kernel/landlock.ts";
import { error } from "../finding.ts";
import type { Policy } from "../policy.ts";

export function checkRights(policy: Policy): Finding[] {
  const findings = policy.fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap((rule, at) =>
      unhandled(layer.handled_access_fs, rule.allowed_access, "handled_access_fs", ["fs_layer", index, "rule", at]),
    ),
  );
  for (const [at, rule] of (policy.net?.rule ?? []).entries()) {
    const handled = policy.net?.handled_access_net ?? [];
    findings.push(...unhandled(handled, rule.allowed_access, "handled_access_net", ["net", "rule", at]));
  }
  return findings;
}

function unhandled(handled: readonly string[], allowed: readonly string[], list: string, rule: KeyPath): Finding[] {
  if (allowed.every((right) => handled.includes(right))) return [];
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
