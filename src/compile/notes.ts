/** What each run of a policy says on this host: that it goes without something. Pure. */

import type { Unsupported } from "../base/errors.ts";
import { abiText } from "../kernel/landlock.ts";
import type { PlanOp } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";

function lastName({ item }: Unsupported): string {
  return item.slice(item.lastIndexOf(".") + 1);
}

/** One line for rights that the policy does without by name (`without`). */
export function withoutText(items: readonly Unsupported[], abi: number): string {
  return `this host has ${abiText(abi)}: not held are ${items.map(lastName).join(", ")}, which the policy does without`;
}

function bestEffortText(items: readonly Unsupported[]): string {
  const lines = items.map(({ item, needs }) => `${item} (needs ${needs})`);
  return `best effort: this host can't enforce ${lines.join(", ")}`;
}

/** The `note` ops of a plan: what the front says of each run that it starts by itself. */
export function noteOps(
  policy: Policy,
  abi: number,
  without: readonly Unsupported[],
  unsupported: readonly Unsupported[],
): PlanOp[] {
  const notes: PlanOp[] = [];
  if (without.length > 0) notes.push({ kind: "note", text: withoutText(without, abi), key: ["without"] });
  if (unsupported.length > 0 && policy.compat === "best-effort") {
    notes.push({ kind: "note", text: bestEffortText(unsupported), key: ["compat"] });
  }
  return notes;
}
