/** Fills the plan store after a run that didn't end plainly. */

import type { Compiled, Report } from "../compile/compile.ts";
import { encodePlan } from "../plan/encode.ts";
import type { Policy } from "../policy/policy.ts";
import { keepPlan } from "../store/store.ts";
import { frontStarts } from "./broker.ts";
import type { RunOptions } from "./options.ts";

/** Whether the front can serve such a run to its end: this host enforces all of it, and at most a keeper has to stay. */
function needsNoBroker({ supervised, unsupported }: Report, policy: Policy): boolean {
  return (
    (unsupported.length === 0 || policy.compat === "best-effort") &&
    supervised.every((reason) => reason === "namespaces")
  );
}

/** Whether the front can start such a run from its plan. */
export async function isServed(policy: Policy, report: Report): Promise<boolean> {
  return needsNoBroker(report, policy) || (await frontStarts(policy, report));
}

/** For the front, which runs the same plan the next time without starting Bun, where it can. */
export async function keep({ plan, report }: Compiled, { policy, origin, host, start }: RunOptions): Promise<void> {
  if (policy === undefined || origin === undefined || start.build === undefined || report.fleeting === true) return;
  if (!(await isServed(policy, report))) return;
  keepPlan(encodePlan(plan), { policy, origin, host, env: start.env, build: start.build });
}
