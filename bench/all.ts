/**
 * `make bench`: runs every bench, or those named, prints the tables and keeps the results.
 * `--quick` measures a little and keeps nothing.
 */

import { broker, brokeredWork } from "./broker.ts";
import { brokerMemory } from "./broker-memory.ts";
import { daemon, daemonCalls, daemonLoad, daemonMemory } from "./daemon.ts";
import { growth } from "./growth.ts";
import type { Bench } from "./lib/result.ts";
import { storeResult } from "./lib/store.ts";
import { markdownTable, provenance, targetLines } from "./lib/table.ts";
import { brokeredMounts, mounts } from "./mounts.ts";
import { start } from "./start.ts";

const BENCHES: readonly Bench[] = [
  start,
  growth,
  mounts,
  brokeredMounts,
  broker,
  brokerMemory,
  brokeredWork,
  daemon,
  daemonLoad,
  daemonMemory,
  daemonCalls,
];

const NEEDED: Readonly<Record<string, string>> = { hyperfine: "hyperfine", bwrap: "bubblewrap", firejail: "firejail" };

function missingPrograms(): string[] {
  return Object.entries(NEEDED).flatMap(([program, debian]) =>
    Bun.which(program) === null ? [`${program}: not found; apt-get install ${debian}`] : [],
  );
}

async function main(argv: readonly string[]): Promise<number> {
  const quick = argv.includes("--quick");
  const names = argv.filter((word) => !word.startsWith("--"));
  const unknown = names.filter((name) => !BENCHES.some((bench) => bench.name === name));
  const problems = [...unknown.map((name) => `there is no bench ${name}`), ...missingPrograms()];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return 1;
  for (const bench of BENCHES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const result = await bench.run({ quick });
    console.log(`\n${result.title}\n\n${markdownTable(result)}\n${targetLines(result)}\n${provenance(result)}`);
    if (!quick) storeResult(result);
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
