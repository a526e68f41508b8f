/** A run that leaves a record: supervised from start to exit, every step an audit event. */

import { AuditWriter } from "../audit/writer.ts";
import { EndedError, LaunchError } from "../base/errors.ts";
import { rawVariable } from "../base/raw.ts";
import type { Compiled } from "../compile/compile.ts";
import { brokerOf } from "./broker.ts";
import type { LaunchRequest } from "./launch.ts";
import { type RunOptions, tellDegraded } from "./options.ts";
import type { RunResult } from "./result.ts";
import { startSupervised } from "./supervised.ts";

/** By its name: its class is loaded only by who talks to a daemon. */
function isFromDaemon(error: unknown): boolean {
  return error instanceof Error && error.name === "DaemonError";
}

function writeError(audit: AuditWriter, error: unknown): void {
  const launch = error instanceof LaunchError ? error : undefined;
  const reason = error instanceof EndedError ? error.cause : error;
  audit.write({
    event: "run.error",
    stage: launch?.stage ?? (isFromDaemon(reason) ? "daemon" : "prepare"),
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
  const audit = AuditWriter.open(sink, {
    jobId: jobId === undefined ? null : Buffer.from(jobId).toString(),
    policyFile: options.policyFile,
  });
  let told = false;
  const failed = (error: unknown): void => {
    if (told) return;
    told = true;
    writeError(audit, error);
    audit.close();
  };
  try {
    const [{ plan, report }, request] = prepare();
    for (const item of [...report.unsupported, ...report.without, ...report.degraded]) {
      audit.write({ event: "run.degraded", item: item.item, needs: item.needs, has: item.has });
    }
    await tellDegraded(report, options);
    const partner = options.partner?.();
    partner?.attach((event) => audit.write(event));
    const broker =
      partner === undefined ? await brokerOf(options.policy, plan, (event) => audit.write(event)) : undefined;
    const { outcome, pid, status } = startSupervised(plan, request, { partner, broker, failed }, audit);
    audit.end(pid, status);
    return { outcome, losses: audit.close() };
  } catch (error) {
    failed(error);
    throw error;
  }
}
