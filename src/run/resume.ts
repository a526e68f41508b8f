/** A run with a broker that the front has started, and that somebody now asks for something: from there to its end. */

import { AuditWriter } from "../audit/writer.ts";
import { Broker } from "../broker/broker.ts";
import { adoptRoots, type Pinned } from "../broker/roots.ts";
import { SECCOMP_NOTIF_SIZE_BYTES } from "../kernel/seccomp.ts";
import { endBeside } from "../native/beside.ts";
import type { Supervisor } from "../native/supervisor.ts";
import { decodePlan } from "../plan/decode.ts";
import { OPS } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import type { RunResult } from "./result.ts";
import { supervise } from "./supervise.ts";

const LISTS = new Map(Object.entries(OPS.listed.flags).map(([name, bit]) => [bit, name as Pinned["list"]]));

/** What is pinned, with what the plan says of it. */
function pinnedOf(plan: Plan, { pins }: Supervisor): Pinned[] {
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

/** Serves the listener from here on, and first what was asked until now. */
function takeUp(run: Supervisor, broker: Broker): void {
  const asked = run.frontRequest(SECCOMP_NOTIF_SIZE_BYTES);
  const { beside } = run;
  run.catchSignals();
  run.freeSignals();
  broker.attach(run.takeListener(), run);
  const requests = beside === undefined ? [asked] : [asked, ...endBeside(beside)];
  for (const request of requests) broker.serve(request);
}

/** Goes on with a run. What is thrown ends it: the keeper kills what it has no supervisor for. */
export function resume(run: Supervisor): RunResult {
  const plan = decodePlan(run.plan);
  const roots = adoptRoots(pinnedOf(plan, run));
  const audit = run.audit === 0 ? undefined : AuditWriter.goOn(run.audit);
  const broker = new Broker(roots, audit === undefined ? undefined : (event) => audit.write(event));
  takeUp(run, broker);
  const { outcome, pid, status } = supervise(run, plan, "", { broker });
  audit?.end(pid, status);
  return { outcome, losses: audit?.close() ?? { events: 0, errno: 0 } };
}
