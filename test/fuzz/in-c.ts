/** What C reads of others, under libFuzzer, ASan and UBSan: built, and run for a number of inputs. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seedsInC } from "./seeds.ts";

export interface Harness {
  /** test/fuzz/NAME.c. */
  readonly name: string;
  /** What is fuzzed, in words. */
  readonly what: string;
}

export const IN_C: readonly Harness[] = [
  { name: "frame", what: "the daemon's frames, as the front reads them" },
  { name: "request", what: "command line and environment, as the front reads them" },
  { name: "plan", what: "plans and launch requests" },
  { name: "plan_file", what: "plan files, as the front reads them" },
  {
    name: "sieve_path",
    what: "what the broker's sieve decides by spelling, against a model",
  },
];

const INPUT_BYTES_MAX = 4096;
const CORPUS = join(import.meta.dir, "corpus");

const FLAGS = ["-std=gnu17", "-O1", "-g", "-iquote", "csrc", "-fno-sanitize-recover=undefined"];
const ARCHIVE = "library.a";

/** @throws Error with what the command says */
function must(argv: readonly string[], cwd?: string): void {
  const { exitCode, stderr } = Bun.spawnSync([...argv], { cwd: cwd ?? process.cwd() });
  if (exitCode !== 0 || stderr.length > 0) throw new Error(`${argv[0]}: ${stderr}`);
}

/** The whole library under sanitizers, once for all harnesses. Without what a libc has already. */
export function buildLibrary(folder: string): void {
  const sources = Bun.spawnSync(["make", "-s", "library-sources"]).stdout.toString().trim().split(" ");
  const objects = sources.flatMap((file) => {
    if (file.endsWith("/string.c")) return [];
    const object = join(folder, `${file.replaceAll("/", "-")}.o`);
    must(["clang", ...FLAGS, "-fsanitize=fuzzer-no-link,address,undefined", "-c", "-o", object, file]);
    return [object];
  });
  must(["ar", "rcs", join(folder, ARCHIVE), ...objects]);
}

/** In the folder of the library. A harness has some file of csrc/ within itself, and so doesn't take that one of the library. */
export function build({ name }: Harness, folder: string): string {
  const program = join(folder, name);
  const files = [`test/fuzz/${name}.c`, join(folder, ARCHIVE)];
  must(["clang", ...FLAGS, "-fsanitize=fuzzer,address,undefined", "-o", program, ...files]);
  return program;
}

/** Inputs that reached something new once: a line of base64 each. */
function corpusOf(name: string): Uint8Array[] {
  const file = `${name}.txt`;
  if (!readdirSync(CORPUS).includes(file)) return [];
  const lines = readFileSync(join(CORPUS, file), "latin1").split("\n");
  return lines.filter((line) => line !== "").map((line) => Buffer.from(line, "base64"));
}

/** The inputs that a harness accepts, and those of its corpus, as files in two folders. */
export function writeInputs({ name }: Harness, folder: string): { readonly seeds: string; readonly corpus: string } {
  const write = (kind: string, inputs: readonly Uint8Array[]): string => {
    const to = join(folder, `${name}-${kind}`);
    mkdirSync(to);
    for (const [index, bytes] of inputs.entries()) writeFileSync(join(to, String(index)), bytes);
    return to;
  };
  return { seeds: write("seeds", seedsInC()[name] ?? []), corpus: write("corpus", corpusOf(name)) };
}

/** With one input; whether it was accepted. */
export function accepts(program: string, input: string): boolean {
  return Bun.spawnSync([program, input], { env: { ...process.env, MUST_ACCEPT: "1" } }).exitCode === 0;
}

export interface Fuzzed {
  readonly seconds: number;
  /** What it says, if it found something. */
  readonly finding: string | undefined;
}

/** Fuzzes; what reaches something new is added to the first folder. */
export async function fuzz(program: string, folders: readonly string[], inputs: number, seed: number): Promise<Fuzzed> {
  const from = performance.now();
  const options = [`-runs=${inputs}`, `-seed=${seed}`, `-max_len=${INPUT_BYTES_MAX}`, `-artifact_prefix=${program}-`];
  const child = Bun.spawn([program, ...options, ...folders], { stdio: ["ignore", "ignore", "pipe"] });
  const [output, status] = await Promise.all([child.stderr.text(), child.exited]);
  const clean = status === 0 && output.includes(`Done ${inputs} runs`);
  return { seconds: (performance.now() - from) / 1000, finding: clean ? undefined : output.slice(-4000) };
}

/** The fewest inputs that reach the same, kept for the next time. */
export function keepCorpus(program: string, { name }: Harness, folders: readonly string[], folder: string): number {
  const minimal = join(folder, `${name}-minimal`);
  mkdirSync(minimal);
  const merged = Bun.spawnSync([program, "-merge=1", `-max_len=${INPUT_BYTES_MAX}`, minimal, ...folders]);
  if (merged.exitCode !== 0) throw new Error(`merge: ${merged.stderr}`);
  const lines = readdirSync(minimal).map((file) => readFileSync(join(minimal, file)).toString("base64"));
  writeFileSync(
    join(CORPUS, `${name}.txt`),
    `${lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1)).join("\n")}\n`,
  );
  return lines.length;
}
