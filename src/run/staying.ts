/** The way to a workload that JavaScript goes with it: one that is supervised, or whose plain end wasn't possible. */

import type { Report } from "../compile/compile.ts";
import { encodePlan } from "../plan/encode.ts";
import type { Plan } from "../plan/plan.ts";
import { becomeWorkload } from "./become.ts";
import { brokerOf } from "./broker.ts";
import { keep } from "./keep.ts";
import type { RunOptions } from "./options.ts";
import { launchRequest } from "./request.ts";
import type { RunResult } from "./result.ts";

/**
 * Launches a compiled plan and stays with it to its end; where nothing has to be supervised there is no return.
 * @throws CommandError, LaunchError, UsageError
 */
export async function launch(plan: Plan, report: Report, options: RunOptions): Promise<RunResult> {
  const request = launchRequest(plan, options);
  const partner = options.partner?.();
  if (report.supervised.length === 0) {
    await keep({ plan, report }, options);
    partner?.becomes();
    return becomeWorkload(plan, encodePlan(plan), request);
  }
  const { startSupervised } = await import("./supervised.ts");
  const broker = partner === undefined ? await brokerOf(options.policy, plan, undefined) : undefined;
  const { outcome } = startSupervised(plan, request, { partner, broker });
  // After the run, so that the workload doesn't wait for it.
  if (partner === undefined) await keep({ plan, report }, options);
  return { outcome, losses: { events: 0, errno: 0 } };
}
