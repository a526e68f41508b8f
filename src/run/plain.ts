/** The short end of a plain run: one that nobody has to stay for, and whose plan the front will run the next time. */

import { finish, type PlainOrigin, storePaths } from "../native/finish.ts";
import { encodePlan } from "../plan/encode.ts";
import type { Plan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import { canPlant } from "../store/grants.ts";
import { isBuiltIn, type Origin } from "../store/key.ts";
import { failureOf } from "./failure.ts";

function plainOrigin({ source, variables }: Origin): PlainOrigin {
  const { bytes, policyDir } = source;
  return { policy: isBuiltIn(source) ? new Uint8Array() : bytes, cwd: variables.cwd, policyDir };
}

/**
 * Keeps the plan, if it is told of what, and becomes the workload, in one call that takes arguments and environment from where the kernel put
 * them: through JavaScript they cost a cold start 3 ms. Returns where it has to be done the long way; nothing has
 * changed then.
 * @throws LaunchError as `becomeWorkload`.
 */
export function endPlainly(
  plan: Plan,
  policy: Policy,
  origin: Origin | undefined,
  argv: () => readonly Uint8Array[],
): void {
  const paths = storePaths();
  if (paths === undefined) return;
  const trusted = origin !== undefined && !canPlant(policy, paths.plans) && !canPlant(policy, paths.key);
  const failure = finish(encodePlan(plan), trusted ? plainOrigin(origin) : undefined);
  if (failure !== undefined) throw failureOf(failure, plan, Buffer.from(argv()[0] ?? []).toString());
}
