/** The mounts of a plan as audit events: made in the order of the plan, by the keeper, before the workload starts. */

import type { AuditEvent } from "../audit/events.ts";
import { LaunchError } from "../base/errors.ts";
import type { Plan, PlanOp } from "../plan/plan.ts";

type Result = { readonly decision: "allow" } | { readonly decision: "error"; readonly errno: number };

/** As bytes, which the record escapes: two paths never look alike. */
const textOf = (op: PlanOp | undefined): Uint8Array => Buffer.from(op?.text ?? "");

function bindEvent(plan: Plan, index: number, pid: number, result: Result): AuditEvent {
  const source = plan.ops.filter(({ kind }) => kind === "bind_source")[index];
  const target = plan.ops.find(({ kind, a }) => kind === "bind" && a === index);
  return {
    event: "mount.bind",
    pid,
    source: textOf(source),
    target: textOf(target),
    read_only: source?.flags === 1,
    ...result,
  };
}

function eventsOf(plan: Plan, op: PlanOp, pid: number, result: Result): AuditEvent[] {
  if (op.kind === "tmpfs") return [{ event: "mount.tmpfs", pid, path: textOf(op), ...result }];
  if (op.kind === "proc") return [{ event: "mount.proc", pid, path: textOf(op), ...result }];
  if (op.kind === "bind") return [bindEvent(plan, op.a ?? 0, pid, result)];
  // A source is only a bind's first half: worth a line where it fails.
  if (op.kind !== "bind_source" || result.decision === "allow") return [];
  return [bindEvent(plan, plan.ops.filter(({ kind }) => kind === "bind_source").indexOf(op), pid, result)];
}

/** What was mounted, up to the operation that failed, if one did. `pid` is the keeper's. */
export function mountEvents(plan: Plan, pid: number, failure: unknown): AuditEvent[] {
  if (plan.namespaces === 0) return [];
  const failed = failure instanceof LaunchError ? failure : undefined;
  const events: AuditEvent[] = [];
  for (const op of plan.ops) {
    const isFailed = failed !== undefined && op.kind === failed.stage && op.key === failed.key;
    const result: Result = isFailed ? { decision: "error", errno: failed.errno } : { decision: "allow" };
    events.push(...eventsOf(plan, op, pid, result));
    if (isFailed || op.kind === "fork") return events;
  }
  return events;
}
