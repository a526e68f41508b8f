/** A run that leaves a record: supervised from start to exit, every step an audit event. */

import { AuditWriter } from "../audit/writer.ts";
import { LaunchError } from "../base/errors.ts";
import { rawVariable } from "../base/raw.ts";
import type { Compiled } from "../compile/compile.ts";
import type { Plan } from "../plan/plan.ts";
import { brokerOf } from "./broker.ts";
import type { LaunchRequest } from "./launch.ts";
import { mountEvents } from "./mount-events.ts";
import { writeOutcome } from "./outcome-event.ts";
import type { RunOptions, RunResult } from "./run.ts";
import { type RunEvents, supervise } from "./supervise.ts";

/** By its name: its class is loaded only by who talks to a daemon. */
function isFromDaemon(error: unknown): boolean {
  return error instanceof Error && error.name === "DaemonError";
}

function writeError(audit: AuditWriter, error: unknown): void {
  const launch = error instanceof LaunchError ? error : undefined;
  audit.write({
    event: "run.error",
    stage: launch?.stage ?? (isFromDaemon(error) ? "daemon" : "prepare"),
    errno: launch?.errno ?? 0,
    message: error instanceof Error ? error.message : String(error),
  });
}

/** As `run`, with every event to `sink`. `prepare` compiles and finds the command: what it throws is recorded too. */
export async function runAudited(
  options: RunOptions,
  sink: string,
  prepare: () => readonly [Compiled, LaunchRequest],
): Promise<RunResult> {
  const jobId = rawVariable(options.start.env, "LANDLOCKD_JOB_ID");
  const audit = new AuditWriter(sink, {
    jobId: jobId === undefined ? null : Buffer.from(jobId).toString(),
    runId: crypto.randomUUID(),
  });
  let keeperPid = 0;
  let mounted: Plan | undefined;
  let told = false;
  const tellFailure = (error: unknown): void => {
    if (told) return;
    told = true;
    if (mounted !== undefined) for (const event of mountEvents(mounted, keeperPid, error)) audit.write(event);
    writeError(audit, error);
    audit.close();
  };
  try {
    const [{ plan, report }, request] = prepare();
    for (const item of [...report.unsupported, ...report.degraded]) {
      audit.write({ event: "run.degraded", item: item.item, needs: item.needs, has: item.has });
    }
    if (report.unsupported.length > 0) await options.onDegraded(report.unsupported);
    const partner = options.partner?.();
    partner?.attach((event) => audit.write(event));
    const events: RunEvents = {
      failed: tellFailure,
      spawned: (spawnedPid) => {
        keeperPid = spawnedPid;
        mounted = plan;
      },
      started: (startedPid) => {
        mounted = undefined;
        for (const event of mountEvents(plan, keeperPid, undefined)) audit.write(event);
        audit.write({
          event: "run.start",
          pid: startedPid,
          policy_file: options.policyFile,
          argv0: options.argv[0] ?? "",
        });
      },
    };
    const broker =
      partner === undefined ? await brokerOf(options.policy, plan, (event) => audit.write(event)) : undefined;
    const { outcome, pid } = supervise(plan, request, events, { partner, broker });
    writeOutcome(audit, outcome, pid);
    return { outcome, losses: audit.close() };
  } catch (error) {
    tellFailure(error);
    throw error;
  }
}
