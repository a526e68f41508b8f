/** `landlockd run --plan --dry-run`: the plan of a plan file, and whether this host would enforce it. */

import { abiText } from "../kernel/landlock.ts";
import { describePlan } from "../plan/describe.ts";
import type { Parsed } from "./arguments.ts";
import { paintFor } from "./colors.ts";
import { skippedLines } from "./dry-run.ts";
import { writeOut } from "./output.ts";
import { degraded, openPlan } from "./planned.ts";
import { STATUS_FAILED } from "./status.ts";

/** Prints the plan, and whether this host is one for it. 0 if it is, else 125. @throws UsageError as `openPlan` */
export async function showPlan(path: string, parsed: Parsed): Promise<number> {
  const { file, host, misfit: wrong } = await openPlan(path, parsed);
  const paint = await paintFor(1);
  const lines = [
    paint.bold(`plan of ${file.file}`),
    ...describePlan(file.plan).map((line) => `  ${line}`),
    `  compiled by landlockd ${file.version} for ${abiText(file.abi)}; needs ${abiText(file.neededAbi)}`,
    `  from a policy with SHA-256 ${file.policySha256}`,
    ...(file.uid === undefined ? [] : [`  for user ${file.uid}`]),
    paint.bold("report"),
    ...degraded(file, host).map(
      ({ item, needs, has }) => `  ${paint.yellow("--")}  ${item}: built in, needs ${needs}; this host has ${has}`,
    ),
    ...skippedLines(file.plan, paint),
    wrong === undefined
      ? `  ${paint.green("yes")} all of it is enforced on this host`
      : `  ${paint.red("no")}  ${wrong.message}`,
  ];
  writeOut(`${lines.join("\n")}\n`);
  return wrong === undefined ? 0 : STATUS_FAILED;
}
