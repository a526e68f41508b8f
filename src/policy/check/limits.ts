/** Limits over the whole policy; those of single lists are in the schema. */

import type { Finding } from "../../base/errors.ts";
import { POLICY_RULES_MAX } from "../../base/limits.ts";
import { error } from "../finding.ts";
import type { Policy } from "../policy.ts";

export function checkRuleCount(policy: Policy): Finding[] {
  let count = policy.net?.rule.length ?? 0;
  for (const layer of policy.fs_layer) count += layer.rule.length;
  if (count <= POLICY_RULES_MAX) return [];
  return [error("too-many", ["fs_layer"], `the policy has ${count} rules; at most ${POLICY_RULES_MAX} are taken`)];
}
