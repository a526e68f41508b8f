/** Which conditional lines of the built-in protections a policy brings into force. Pure. */

import type { PolicyCondition } from "../kernel/protections.ts";
import type { Policy } from "../policy/policy.ts";

export function conditionsOf(policy: Policy): ReadonlySet<PolicyCondition> {
  const said = new Set<PolicyCondition>();
  if (policy.fs_layer.some((layer) => layer.handled_access_fs.includes("execute"))) said.add("execute");
  if (policy.net !== undefined) said.add("net");
  return said;
}

/** What policies say that open nothing of this: the filters of these are made while landlockd is built. */
export const USUAL_CONDITIONS: readonly ReadonlySet<PolicyCondition>[] = [
  new Set<PolicyCondition>(),
  new Set<PolicyCondition>(["net"]),
].flatMap((net) => [net, new Set<PolicyCondition>(["execute", ...net])]);
