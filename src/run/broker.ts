/** The broker of a run that its own landlockd holds. */

import type { AuditEvent } from "../audit/events.ts";
import type { Policy } from "../policy/policy.ts";
import type { OwnBroker } from "./supervise.ts";

/**
 * The broker of a policy that has one, with all that its lists name pinned.
 * @throws LaunchError, stage "broker"
 */
export async function brokerOf(
  { broker }: Policy,
  emit: ((event: AuditEvent) => void) | undefined,
): Promise<OwnBroker | undefined> {
  if (broker === undefined) return undefined;
  const { Broker } = await import("../broker/broker.ts");
  const { pinRoots } = await import("../broker/roots.ts");
  return new Broker(pinRoots(broker), emit);
}
