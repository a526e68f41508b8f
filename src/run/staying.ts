/** The way to a workload that JavaScript goes with it: one that is supervised, or whose plain end wasn't possible. */

import type { Report } from "../compile/compile.ts";
import { CLONE_NEWPID } from "../kernel/mount.ts";
import { encodePlan } from "../plan/encode.ts";
import type { Plan } from "../plan/plan.ts";
import { becomeWorkload } from "./become.ts";
import { brokerOf, frontStarts } from "./broker.ts";
import { keep } from "./keep.ts";
import { launchRequest } from "./request.ts";
import type { RunOptions, RunResult } from "./run.ts";

/**
 * Whether the front can become a workload where this process can't: it has one thread, and so may enter a user namespace
 * itself. A PID namespace needs somebody who stays.
 */
function frontBecomes(plan: Plan, report: Report): boolean {
  return report.supervised.every((reason) => reason === "namespaces") && (plan.namespaces & CLONE_NEWPID) === 0;
}

/**
 * Launches a compiled plan and stays with it to its end; where nothing has to be supervised there is no return.
 * @throws CommandError, LaunchError, UsageError
 */
export async function launch(plan: Plan, report: Report, options: RunOptions): Promise<RunResult> {
  const request = launchRequest(plan, options);
  const partner = options.partner?.();
  if (report.supervised.length === 0 && partner === undefined) {
    const bytes = encodePlan(plan);
    if (report.unsupported.length === 0) keep(bytes, options);
    return becomeWorkload(plan, bytes, request);
  }
  if (report.unsupported.length === 0 && partner === undefined && frontBecomes(plan, report)) {
    keep(encodePlan(plan), options);
  }
  const { supervise } = await import("./supervise.ts");
  const broker = partner === undefined ? await brokerOf(options.policy, plan, undefined) : undefined;
  const { outcome } = supervise(plan, request, { started: () => {} }, { partner, broker });
  // After the run, so that the workload doesn't wait for it.
  if (partner === undefined && (await frontStarts(options.policy, report))) keep(encodePlan(plan), options);
  return { outcome, losses: { events: 0, errno: 0 } };
}
