/**
 * `make fuzz`: every target, or those named, with 10,000,000 inputs or `--inputs=N`. Where something is found its input is kept beneath
 * build/fuzz/ and the status is 1. A whole run leaves its figures in bench/results/fuzz.md and its corpora in test/fuzz/corpus/.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describeMachine } from "../../bench/lib/machine.ts";
import { Random } from "../harness/random.ts";
import { build, buildLibrary, type Fuzzed, fuzz, IN_C, keepCorpus, writeInputs } from "./in-c.ts";
import { IN_TYPESCRIPT } from "./in-typescript.ts";

const WHOLE = 10_000_000;
const FOLDER = "build/fuzz";
const RESULTS = "bench/results/fuzz.json";
const TITLE = "Inputs that were tried, and what they found";

interface Row {
  readonly name: string;
  readonly what: string;
  readonly how: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly finding: string | null;
}

async function tryAll(target: (typeof IN_TYPESCRIPT)[number], inputs: number, seed: number): Promise<Fuzzed> {
  const from = performance.now();
  const random = new Random(seed);
  const attempt = target.open();
  const seconds = (): number => (performance.now() - from) / 1000;
  // Most inputs are refused by an exception: their traces would be most of the time.
  Error.stackTraceLimit = 0;
  for (let done = 0; done < inputs; done++) {
    try {
      const pending = attempt(random);
      if (pending !== undefined) await pending;
    } catch (cause) {
      return { seconds: seconds(), finding: `input ${done} of seed ${seed}: ${cause}` };
    }
  }
  return { seconds: seconds(), finding: undefined };
}

async function runInC(name: string, inputs: number, seed: number): Promise<Fuzzed> {
  const harness = IN_C.find((each) => each.name === name);
  if (harness === undefined) throw new Error(`there is no harness ${name}`);
  const program = build(harness, FOLDER);
  const { seeds, corpus } = writeInputs(harness, FOLDER);
  const fuzzed = await fuzz(program, [corpus, seeds], inputs, seed);
  if (fuzzed.finding === undefined && inputs >= WHOLE) keepCorpus(program, harness, [corpus, seeds], FOLDER);
  return fuzzed;
}

function table(rows: readonly Row[]): string {
  const head = "| | how | inputs | seconds | found |\n| --- | --- | --: | --: | --- |\n";
  const line = ({ what, how, inputs, seconds, finding }: Row): string =>
    `| ${what} | ${how} | ${inputs.toLocaleString("en")} | ${Math.round(seconds)} | ${finding === null ? "nothing" : finding} |\n`;
  return head + rows.map(line).join("");
}

/** Rows of earlier runs stay where this one has none. */
function keep(rows: readonly Row[]): void {
  const before = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as { rows: Row[] }).rows : [];
  const all = [...IN_C, ...IN_TYPESCRIPT].flatMap(
    ({ name }) => [...rows, ...before].find((row) => row.name === name) ?? [],
  );
  const machine = describeMachine();
  writeFileSync(RESULTS, `${JSON.stringify({ title: TITLE, machine, rows: all }, undefined, 2)}\n`);
  const where = `${machine.cpu}, Linux ${machine.kernel}, ${machine.distribution}; by \`make fuzz\`, at the lowest priorities of a busy machine.`;
  writeFileSync(RESULTS.replace(".json", ".md"), `# ${TITLE}\n\n${table(all)}\n${where}\n`);
}

async function main(argv: readonly string[]): Promise<number> {
  const inputs = Number(/^--inputs=(\d+)$/m.exec(argv.join("\n"))?.[1] ?? WHOLE);
  const seed = Number(/^--seed=(\d+)$/m.exec(argv.join("\n"))?.[1] ?? 1);
  const named = argv.filter((word) => !word.startsWith("--"));
  const wanted = (name: string): boolean => named.length === 0 || named.includes(name);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  buildLibrary(FOLDER);
  const rows: Row[] = [];
  const add = (name: string, what: string, how: string, { seconds, finding }: Fuzzed): void => {
    rows.push({ name, what, how, inputs, seconds, finding: finding ?? null });
    console.log(`${name}: ${inputs} inputs, ${seconds.toFixed(0)} s: ${finding ?? "nothing found"}`);
  };
  for (const { name, what } of IN_C)
    if (wanted(name)) add(name, what, "libFuzzer, ASan, UBSan", await runInC(name, inputs, seed));
  for (const target of IN_TYPESCRIPT)
    if (wanted(target.name)) add(target.name, target.what, "changed good inputs", await tryAll(target, inputs, seed));
  if (inputs >= WHOLE) keep(rows);
  return rows.some(({ finding }) => finding !== null) ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
