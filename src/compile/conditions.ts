/** Which conditional lines of the built-in protections a policy brings into force. Pure. */

import type { PolicyCondition } from "../kernel/protections.ts";
import { isClosed } from "../policy/closed.ts";
import type { Net, Policy } from "../policy/policy.ts";

function netConditions(net: Net, opened: readonly string[]): PolicyCondition[] {
  const noTcp = isClosed(net, "bind_tcp") && isClosed(net, "connect_tcp");
  const socketsMade = !noTcp || opened.includes("socket.tcp") || opened.includes("socket");
  const noBind = isClosed(net, "bind_tcp") && socketsMade;
  return ["net", ...(noTcp ? ["no_tcp" as const] : []), ...(noBind ? ["no_bind" as const] : [])];
}

export function conditionsOf(policy: Policy): ReadonlySet<PolicyCondition> {
  const said = new Set<PolicyCondition>();
  if (policy.fs_layer.some((layer) => layer.handled_access_fs.includes("execute"))) said.add("execute");
  if (policy.net !== undefined) {
    for (const condition of netConditions(policy.net, policy.seccomp?.allow ?? [])) said.add(condition);
  }
  if (policy.scope?.allow.includes("signal") !== true) said.add("signal");
  if (policy.seccomp?.deny.includes("socket") === true) said.add("no_socket");
  return said;
}

const USUAL_NETS: readonly (readonly PolicyCondition[])[] = [[], ["net"], ["net", "no_tcp"], ["net", "no_bind"]];

/** What policies say that open nothing: the filters for these are made while landlockd is built. */
export const USUAL_CONDITIONS: readonly ReadonlySet<PolicyCondition>[] = USUAL_NETS.flatMap((net) => [
  new Set<PolicyCondition>(["signal", ...net]),
  new Set<PolicyCondition>(["signal", "execute", ...net]),
]);
