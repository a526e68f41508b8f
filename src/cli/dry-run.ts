/** `landlockd run --dry-run`: the plan as a person reads it, and what of the policy this host would enforce. */

import { compile } from "../compile/compile.ts";
import { closeLinks } from "../compile/links.ts";
import { ENOENT } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { HOST_LINKS } from "../native/links.ts";
import { probeListener } from "../native/listener.ts";
import { tryRule } from "../native/rule.ts";
import { startState } from "../native/start.ts";
import { describePlan } from "../plan/describe.ts";
import type { Plan } from "../plan/plan.ts";
import { dotted, quote } from "../policy/finding.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { whyCold } from "../run/cold.ts";
import { isServed } from "../run/keep.ts";
import { closedToRoot } from "../store/owner.ts";
import { type Paint, paintFor } from "./colors.ts";
import { hostFor } from "./host.ts";
import { writeOut } from "./output.ts";
import { workingFolder } from "./policy.ts";
import { STATUS_FAILED } from "./status.ts";

const OPTIONAL = 1;

/** The rules that this user's run would leave out: optional, on what can't hold a rule. */
export function skippedLines(plan: Plan, paint: Paint): string[] {
  return plan.ops.flatMap(({ kind, flags, text, key }) => {
    if (kind !== "rule_path" || flags !== OPTIONAL || typeof text !== "string") return [];
    const result = tryRule(text);
    if (result === 0) return [];
    const why = result === -ENOENT ? "isn't there" : `can't hold a rule, ${errnoPhrase(-result)}`;
    return [`  ${paint.yellow("--")}  ${dotted(key ?? [])}: ${quote(text)} ${why}: the rule is skipped`];
  });
}

/** Prints both to stdout. 0 if all of the policy is enforceable here, else 125. */
export async function dryRun(loaded: LoadedPolicy, bestEffort: boolean): Promise<number> {
  const paint = await paintFor(1);
  const host = probeListener(await hostFor(loaded.policy));
  const { plan, report } = closeLinks(compile(loaded.policy, host), loaded.policy, HOST_LINKS);
  const lines = [paint.bold(`plan of ${loaded.file}`), ...describePlan(plan).map((line) => `  ${line}`)];
  for (const { name, value } of loaded.uses) lines.push(`  \${${name}} is ${JSON.stringify(value)}`);
  lines.push(paint.bold("report"));
  for (const { item, needs, has } of report.unsupported) {
    lines.push(`  ${paint.red("no")}  ${item}: needs ${needs}; this host has ${has}`);
  }
  for (const { item, needs, has } of report.without) {
    lines.push(`  ${paint.yellow("--")}  ${item}: needs ${needs}; this host has ${has}: the policy does without it`);
  }
  for (const { item, needs, has } of report.filtered) {
    const why = `for Landlock it needs ${needs}, and this host has ${has}`;
    lines.push(`  ${paint.green("yes")} ${item}: by the seccomp filter; ${why}`);
  }
  for (const { item, needs, has } of report.degraded) {
    lines.push(`  ${paint.yellow("--")}  ${item}: built in, needs ${needs}; this host has ${has}`);
  }
  lines.push(...skippedLines(plan, paint));
  const cold = whyCold(loaded.policy, report, await isServed(loaded.policy, report), startState().env);
  if (cold !== undefined) lines.push(`  ${paint.yellow("--")}  every run of it starts cold, through Bun: ${cold}`);
  const closed = closedToRoot(loaded.policy, workingFolder(), host);
  if (closed !== undefined) lines.push(`  ${paint.yellow("--")}  ${closed.message}`, `      hint: ${closed.hint}`);
  const enforceable = report.unsupported.length === 0;
  if (enforceable && report.without.length > 0) lines.push("  all the rest of it is enforced on this host");
  else if (enforceable) lines.push(`  ${paint.green("yes")} all of it is enforced on this host`);
  else if (bestEffort) lines.push("  with --best-effort the rest would be enforced");
  writeOut(`${lines.join("\n")}\n`);
  return enforceable ? 0 : STATUS_FAILED;
}
