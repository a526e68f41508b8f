/** The host as a policy needs it to be known. */

import { mountNeed } from "../compile/mount.ts";
import type { Host } from "../kernel/host.ts";
import { probeHost } from "../native/host.ts";
import type { Policy } from "../policy/policy.ts";

/** What a policy is compiled against. Namespaces are tried only where it mounts something. */
export async function hostFor(policy: Policy): Promise<Host> {
  const host = probeHost();
  if (mountNeed(policy) === undefined) return host;
  const { probeNamespaces } = await import("../native/namespaces.ts");
  return probeNamespaces(host);
}
