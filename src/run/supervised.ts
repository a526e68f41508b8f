/** A run that this process starts and stays with. */

import type { AuditWriter } from "../audit/writer.ts";
import { Supervisor } from "../native/supervisor.ts";
import { encodePlan } from "../plan/encode.ts";
import type { Plan } from "../plan/plan.ts";
import { failureOf } from "./failure.ts";
import { encodeLaunch, type LaunchRequest } from "./launch.ts";
import { type Ended, type Helpers, supervise } from "./supervise.ts";

/**
 * Starts a run and stays with it to its end; its start, and the mounts made for it, are on record.
 * @throws LaunchError when it couldn't be started; what a partner ends it with.
 */
export function startSupervised(plan: Plan, request: LaunchRequest, helpers: Helpers, audit?: AuditWriter): Ended {
  const command = Buffer.from(request.argv[0] ?? []).toString();
  const run = Supervisor.create(audit?.address);
  // Before there is a workload: a signal that comes as soon as it runs is meant for it.
  run.catchSignals();
  if (run.launch(encodePlan(plan), encodeLaunch(request), request.start.ignored)) {
    return supervise(run, plan, command, helpers);
  }
  const error = failureOf(run.failure, plan, command);
  run.end();
  helpers.broker?.close();
  run.close();
  helpers.partner?.ended(error);
  helpers.failed?.(error);
  throw error;
}
