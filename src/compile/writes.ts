/** What a policy lets its run write, for whoever warns of what lies there. Pure. */

import type { PlanOp } from "../plan/plan.ts";
import { writableFolders } from "../policy/changeable.ts";
import type { Reals } from "../policy/grants.ts";
import type { Policy } from "../policy/policy.ts";
import { isBeneath } from "../policy/tree.ts";

/** Devices are no files that anybody keeps something in. */
export function writesOps(policy: Policy, reals: Reals): readonly PlanOp[] {
  return writableFolders(policy, reals)
    .filter((path) => !isBeneath(path, "/dev"))
    .map((text) => ({ kind: "writes", text }));
}
