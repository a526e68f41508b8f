/** `landlockd run --dry-run`: the plan as a person reads it, and what of the policy this host would enforce. */

import { compile } from "../compile/compile.ts";
import { describePlan } from "../plan/describe.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { paintFor } from "./colors.ts";
import { hostFor } from "./host.ts";
import { writeOut } from "./output.ts";
import { STATUS_FAILED } from "./status.ts";

/** Prints both to stdout. 0 if all of the policy is enforceable here, else 125. */
export async function dryRun(loaded: LoadedPolicy, bestEffort: boolean): Promise<number> {
  const paint = await paintFor(1);
  const { plan, report } = compile(loaded.policy, await hostFor(loaded.policy));
  const lines = [paint.bold(`plan of ${loaded.file}`), ...describePlan(plan).map((line) => `  ${line}`)];
  for (const { name, value } of loaded.uses) lines.push(`  \${${name}} is ${JSON.stringify(value)}`);
  lines.push(paint.bold("report"));
  for (const { item } of report.unbuilt) lines.push(`  ${paint.red("no")}  ${item}: not carried out by this version`);
  for (const { item, needs, has } of report.unsupported) {
    lines.push(`  ${paint.red("no")}  ${item}: needs ${needs}; this host has ${has}`);
  }
  for (const { item, needs, has } of report.degraded) {
    lines.push(`  ${paint.yellow("--")}  ${item}: built in, needs ${needs}; this host has ${has}`);
  }
  const enforceable = report.unbuilt.length === 0 && report.unsupported.length === 0;
  if (enforceable) lines.push(`  ${paint.green("yes")} all of it is enforced on this host`);
  else if (bestEffort) lines.push("  with --best-effort the rest would be enforced");
  writeOut(`${lines.join("\n")}\n`);
  return enforceable ? 0 : STATUS_FAILED;
}
