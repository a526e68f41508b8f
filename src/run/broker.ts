/** The broker of a run that its own landlockd holds. */

import type { AuditEvent } from "../audit/events.ts";
import type { Report } from "../compile/compile.ts";
import { brokeredMounts } from "../compile/mount.ts";
import { HOST_LINKS } from "../native/links.ts";
import type { Plan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { OwnBroker } from "./supervise.ts";

/**
 * The broker of a policy that has one, with all that its lists name pinned.
 * @throws LaunchError, stage "broker"
 */
export async function brokerOf(
  policy: Policy | undefined,
  plan: Plan,
  emit: ((event: AuditEvent) => void) | undefined,
): Promise<OwnBroker | undefined> {
  const broker = policy?.broker;
  if (policy === undefined || broker === undefined) return undefined;
  // The build puts the JIT off, for programs that are over at once (Makefile). A broker answers as long as its run lasts.
  Bun.unsafe.setJITPolicy(1);
  const { Broker } = await import("../broker/broker.ts");
  const { pinRoots } = await import("../broker/pin.ts");
  const { surroundingsOf } = await import("../broker/world.ts");
  const { Ways } = await import("../compile/links.ts");
  const roots = pinRoots(broker, new Ways(policy, HOST_LINKS));
  const surroundings = surroundingsOf(policy);
  if (brokeredMounts(policy) === undefined) return new Broker(roots, emit, undefined, surroundings);
  const { MountBroker } = await import("../broker/mount/mount.ts");
  return new Broker(roots, emit, new MountBroker(plan.ops, broker, policy.runtime?.root ?? "", emit), surroundings);
}

/**
 * Whether the front can start such a run from its plan, and stay with it until somebody asks the broker: all that the
 * broker has to know is in the plan (csrc/front/brokered.c).
 */
export async function frontStarts(policy: Policy | undefined, { supervised, unsupported }: Report): Promise<boolean> {
  if (
    policy === undefined ||
    (unsupported.length > 0 && policy.compat !== "best-effort") ||
    supervised.join() !== "broker"
  )
    return false;
  const { surroundingsOf } = await import("../broker/world.ts");
  const { root, varies } = surroundingsOf(policy);
  return root === undefined && !varies;
}
