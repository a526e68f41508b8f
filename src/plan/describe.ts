/** A plan as a person reads it: one line an operation. */

import { FS_RIGHTS, NET_RIGHTS, type Right, SCOPES } from "../kernel/landlock.ts";
import { OPS } from "./layout.ts";
import type { Plan, PlanOp } from "./plan.ts";

function names(table: readonly Right[], mask: number): string {
  return table
    .filter(({ bit }) => Math.floor(mask / 2 ** bit) % 2 === 1)
    .map(({ name }) => name)
    .join(" ");
}

function handled(op: PlanOp): string {
  const parts = [names(FS_RIGHTS, op.a ?? 0), names(NET_RIGHTS, op.b ?? 0), names(SCOPES, op.c ?? 0)];
  return parts.filter((part) => part !== "").join(" ");
}

/** The list of the policy's that an entry is on. */
function listOf(op: PlanOp): string {
  const lists = Object.entries(OPS.listed.flags).filter(([, bit]) => bit === op.flags);
  return lists.map(([name]) => name).join();
}

function describeOp(op: PlanOp): string {
  const text = typeof op.text === "string" ? JSON.stringify(op.text) : "";
  switch (op.kind) {
    case "ruleset":
      return `Landlock layer: deny ${handled(op)}`;
    case "rule_path":
      return `  but beneath ${text} allow ${names(FS_RIGHTS, op.a ?? 0)}${op.flags === 1 ? " (if it exists)" : ""}`;
    case "rule_port":
      return `  but on port ${op.b} allow ${names(NET_RIGHTS, op.a ?? 0)}`;
    case "fork":
      return "the workload's process starts here (if the run is supervised)";
    case "cwd":
      return `working directory ${text}`;
    case "restore":
      return "signals, limits and stdio as landlockd found them; no other file descriptor";
    case "drop_caps":
      return "no capabilities";
    case "no_new_privs":
      return "no_new_privs: setuid programs gain nothing";
    case "restrict":
      return `enforce Landlock layer ${(op.a ?? 0) + 1}`;
    case "identity":
      return "user namespace: the same user and group inside as outside";
    case "private_mounts":
      return "mount namespace: nothing that is mounted shows outside";
    case "bind_source":
      return `take ${text}${op.flags === 1 ? ", read-only," : ""} to be bound`;
    case "root":
      return `prepare ${text} as the root`;
    case "bind":
      return `bind number ${(op.a ?? 0) + 1} of them to ${text}`;
    case "tmpfs":
      return `tmpfs on ${text}, ${op.a ? `${op.a} bytes` : "size by the kernel"}, mode ${(op.b ?? 0).toString(8)}`;
    case "proc":
      return `proc on ${text}`;
    case "enter_cwd":
      return "the working directory again, by its path";
    case "allow_tmpfs":
      return `may mount a tmpfs on ${text} itself`;
    case "allow_bind":
      return `may bind number ${(op.a ?? 0) + 1} of them to ${text} itself${op.flags === 1 ? ", read-only" : ""}`;
    case "allow_object":
      return `may make a ${op.flags === 1 ? "tmpfs" : "proc"} itself`;
    case "allow_attach":
      return `  and attach it to ${text}`;
    case "listed":
      return `the broker answers for ${text} (${listOf(op)})`;
    case "note":
      return `say ${text}`;
    case "writes":
      return `what it may write: ${text}`;
    case "pivot":
      return "the prepared root becomes the root; the old one is gone";
    case "filter":
      return `seccomp filter, ${(op.text?.length ?? 0) / 8} instructions`;
  }
}

/** The lines of a plan, in the order in which it is performed. */
export function describePlan(plan: Plan): string[] {
  return plan.ops.map(describeOp);
}
