/**
 * `make bench-hour`: an hour of mixed work under broker and daemon. What each of landlockd's processes has in memory, minute by
 * minute, and that no descriptor stays open. Not part of `make bench`. It sleeps most of the hour: it is for leaks, not for load.
 */
import { type Held, type Holder, type HourStage, heldBy, openHourStage } from "./hour-stage.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Result, Series } from "./lib/result.ts";
import { storeResult } from "./lib/store.ts";
import { markdownTable, provenance, targetLines } from "./lib/table.ts";

const QUARTERS = 4;
const LOOKS = 10;
const LOOK_APART_MS = 50;
const SHORT_APART_MS = 700;
/** The last quarter's median to the second's: in the first one, Bun compiles what it runs often. */
const GROWTH_MAX = 1.05;

/** The least of some looks: a request in work has descriptors and memory of its own for some microseconds. */
async function atRest(holder: Holder): Promise<Held> {
  let least: Held = { megabytes: Number.POSITIVE_INFINITY, descriptors: Number.POSITIVE_INFINITY };
  for (let look = 0; look < LOOKS; look++) {
    const held = heldBy(holder);
    least = {
      megabytes: Math.min(least.megabytes, held.megabytes),
      descriptors: Math.min(least.descriptors, held.descriptors),
    };
    await Bun.sleep(LOOK_APART_MS);
  }
  return least;
}

/** Short runs one after the other until then; how many. @throws Error where one ends as it shouldn't */
async function shortRuns(stage: HourStage, from: number, endMs: number): Promise<number> {
  let number = from;
  for (; performance.now() < endMs; number++) {
    const end = await stage.shortRun(number);
    if (end !== (number % 8 === 7 ? "SIGKILL" : 0)) throw new Error(`short run ${number} ended with ${end}`);
    await Bun.sleep(SHORT_APART_MS);
  }
  return number;
}

function quarterOf(values: readonly Held[], quarter: number): readonly Held[] {
  const size = values.length / QUARTERS;
  return values.slice(Math.floor(quarter * size), Math.floor((quarter + 1) * size));
}

function seriesOf(holder: Holder, values: readonly Held[], minutes: number): Series[] {
  return Array.from({ length: QUARTERS }, (_, quarter) => {
    const part = quarterOf(values, quarter);
    return {
      name: nameOf(holder, quarter, minutes),
      command: holder.command,
      rounds: part.map(({ megabytes }) => megabytes),
    };
  });
}

function nameOf({ name }: Holder, quarter: number, minutes: number): string {
  const at = (index: number): number => (index * minutes) / QUARTERS;
  return `${name}, minutes ${at(quarter)} to ${at(quarter + 1)}`;
}

/** Every holder's descriptors, the same in the first look and the last. @throws Error where one more is open */
function descriptors(holders: readonly Holder[], looks: readonly (readonly Held[])[]): Record<string, number> {
  const entries = holders.map(({ name }, index): [string, number] => {
    const counts = (looks[index] ?? []).map((held) => held.descriptors);
    const [first, last] = [counts.at(0) ?? 0, counts.at(-1) ?? 0];
    if (last > first) throw new Error(`${name} had ${first} descriptors, and has ${last} now (${counts.join(" ")})`);
    return [`descriptors of ${name} first and last`, last];
  });
  return Object.fromEntries(entries);
}

/** @throws Error where a run fails or a descriptor stays open */
async function measure(minutes: number): Promise<Result> {
  await using stage = await openHourStage();
  const { holders } = stage;
  const looks = holders.map((): Held[] => []);
  let short = 0;
  // So that nothing is counted as growth that is made once, for the first run of a policy.
  const from = performance.now() + 10_000;
  short = await shortRuns(stage, short, from);
  for (let minute = 1; minute <= minutes; minute++) {
    for (const [index, holder] of holders.entries()) looks[index]?.push(await atRest(holder));
    short = await shortRuns(stage, short, from + minute * 60_000);
    console.log(`minute ${minute}: ${looks.map((each) => JSON.stringify(each.at(-1))).join(" ")}`);
  }
  const open = descriptors(holders, looks);
  const turns = stage.turns();
  const statuses = await stage.finish();
  if (statuses.some((status) => status !== 0)) throw new Error(`the long runs ended with ${statuses.join(" and ")}`);
  return {
    bench: "hour",
    title: "Memory of landlockd through an hour of mixed work (anonymous, resident)",
    unit: "MB",
    machine: describeMachine(),
    versions: { landlockd: versionOf([LANDLOCKD, "--version"]) },
    settings: { minutes, "short runs": short, "turns of two long runs": turns, ...open },
    series: holders.flatMap((holder, index) => seriesOf(holder, looks[index] ?? [], minutes)),
    versus: [],
    targets: holders.map((holder) => ({
      name: nameOf(holder, QUARTERS - 1, minutes),
      versus: nameOf(holder, 1, minutes),
      max: GROWTH_MAX,
    })),
  };
}

const quick = process.argv.includes("--quick");
const result = await measure(quick ? QUARTERS : 60);
console.log(`\n${result.title}\n\n${markdownTable(result)}\n${targetLines(result)}\n${provenance(result)}`);
if (!quick) storeResult(result);
