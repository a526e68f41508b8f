/** `landlockd doctor`: what this host can enforce, with the reason for each no. */

import type { ArgsDef, CommandDef } from "citty";
import { probeHost } from "../native/host.ts";
import { probeListener } from "../native/listener.ts";
import { probeNamespaces } from "../native/namespaces.ts";
import { startState } from "../native/start.ts";
import { parseFlags } from "./arguments.ts";
import { type Paint, paintFor } from "./colors.ts";
import { type Report, reportOf } from "./doctor-report.ts";
import { exit, writeOut } from "./output.ts";
import { STATUS_NO } from "./status.ts";

const FLAGS: ArgsDef = { json: { type: "boolean", description: "Print JSON" } };

function linesOf(report: Report, paint: Paint): string[] {
  const { arch, release, landlock, errata, holes, abilities } = report;
  const numbers = errata
    .filter(({ fixed }) => fixed === false)
    .map(({ number, unfixed }) => `  erratum ${number}: ${unfixed}`);
  return [
    paint.bold(`${arch}, Linux ${release}, Landlock ABI ${landlock.abi}, errata ${landlock.errata}`),
    ...abilities.map(({ item, yes, reason }) => {
      const mark = yes ? paint.green("yes") : paint.yellow("no ");
      return `  ${mark}  ${item}${reason === undefined ? "" : `: ${reason}`}`;
    }),
    ...(numbers.length === 0 ? [] : ["not corrected in this kernel:", ...numbers]),
    ...(holes.length === 0 ? [] : ["known of this release, by its number:"]),
    ...holes.map(({ name, what, closed }) => `  ${name}: ${what}; ${closed === null ? "open" : `closed by ${closed}`}`),
  ];
}

async function doctor(rawArgs: readonly string[]): Promise<void> {
  const parsed = parseFlags(rawArgs, FLAGS);
  const report = reportOf(probeListener(probeNamespaces(probeHost())), startState().front);
  const text = parsed.on("json") ? JSON.stringify(report, null, 2) : linesOf(report, await paintFor(1)).join("\n");
  writeOut(`${text}\n`);
  if (report.abilities.some(({ required, yes }) => required === true && !yes)) exit(STATUS_NO);
}

export const command: CommandDef = {
  meta: { name: "doctor", description: "Show what this host can enforce, with the reason for each no" },
  args: FLAGS,
  run: ({ rawArgs }) => doctor(rawArgs),
};
