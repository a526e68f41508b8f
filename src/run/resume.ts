/** A run with a broker that the front has started, and that somebody now asks for something: from there to its end. */

import { AuditWriter } from "../audit/writer.ts";
import { rawVariable } from "../base/raw.ts";
import { Broker } from "../broker/broker.ts";
import { adoptRoots, type Pinned } from "../broker/roots.ts";
import type { Handoff } from "../native/handoff.ts";
import { startState } from "../native/start.ts";
import { decodePlan } from "../plan/decode.ts";
import { OPS } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import { writeOutcome } from "./outcome-event.ts";
import type { RunResult } from "./run.ts";
import { supervise } from "./supervise.ts";

const LISTS = new Map(Object.entries(OPS.listed.flags).map(([name, bit]) => [bit, name as Pinned["list"]]));

/** What is pinned, with what the plan says of it. */
function pinnedOf(plan: Plan, { pins }: Handoff): Pinned[] {
  const listed = plan.ops.filter(({ kind }) => kind === "listed");
  return listed.map(({ text, flags }, index) => {
    const list = LISTS.get(flags ?? 0);
    const pin = pins[index];
    if (list === undefined || pin === undefined || typeof text !== "string" || pins.length !== listed.length) {
      throw new Error("what the front has pinned isn't what the plan lists");
    }
    return { list, text, ...pin };
  });
}

function writerOf({ sink }: Handoff): AuditWriter | undefined {
  if (sink === undefined) return undefined;
  const jobId = rawVariable(startState().env, "LANDLOCKD_JOB_ID");
  const common = { jobId: jobId === undefined ? null : Buffer.from(jobId).toString(), runId: sink.runId };
  return new AuditWriter(sink, common, { events: sink.lost, errno: sink.errno });
}

/** Goes on with a run. What is thrown ends it: the keeper kills what it has no supervisor for. */
export function resume(handoff: Handoff): RunResult {
  const plan = decodePlan(handoff.plan);
  const roots = adoptRoots(pinnedOf(plan, handoff));
  const audit = writerOf(handoff);
  const broker = new Broker(roots, audit === undefined ? undefined : (event) => audit.write(event));
  const status = handoff.status < 0 ? undefined : handoff.status;
  const run = { ...handoff, status, over: status !== undefined };
  const { outcome, pid } = supervise(plan, run, { started: () => {} }, { broker });
  if (audit !== undefined) writeOutcome(audit, outcome, pid);
  return { outcome, losses: audit?.close() ?? { events: 0, errno: 0 } };
}
