/** What a plan asks of a kernel. Pure. */

import { FS_RIGHTS, NET_RIGHTS, type Right, SCOPES } from "../kernel/landlock.ts";
import { OPS } from "./layout.ts";
import type { Plan } from "./plan.ts";

const NOTIFY = OPS.filter.flags["notify"] ?? 0;

/** Whether a plan hands system calls to somebody outside its run. */
export function hasListener({ ops }: Plan): boolean {
  return ops.some(({ kind, flags = 0 }) => kind === "filter" && (flags & NOTIFY) !== 0);
}

function highest(table: readonly Right[], mask: number): number {
  return table.reduce((abi, right) => ((mask & (1 << right.bit)) === 0 ? abi : Math.max(abi, right.abi)), 1);
}

/** The least Landlock ABI that knows every right and scope that the plan handles: 1 at least. */
export function neededAbi(plan: Plan): number {
  return plan.ops.reduce(
    (abi, { kind, a = 0, b = 0, c = 0 }) =>
      kind === "ruleset" ? Math.max(abi, highest(FS_RIGHTS, a), highest(NET_RIGHTS, b), highest(SCOPES, c)) : abi,
    1,
  );
}
