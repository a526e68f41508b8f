/** Drives hyperfine in interleaved rounds. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Series } from "./result.ts";
import { rotate } from "./stats.ts";

const MEMORY = "/dev/shm";

/** A command to measure. */
export interface Contestant {
  readonly name: string;
  readonly argv: readonly string[];
  /** As a person would type it; `argv` without folders if absent. */
  readonly command?: string;
  /** Whether every run finds an empty plan store. */
  readonly cold?: boolean;
}

export interface Rounds {
  readonly rounds: number;
  readonly runs: number;
  readonly warmup: number;
}

interface Export {
  readonly results: readonly { readonly median: number }[];
}

/** For hyperfine's own splitting of a command line (`-N` starts no shell). */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function bareNames(argv: readonly string[]): string {
  return argv.map((word, index) => (index === 0 ? word.replace(/^.*\//, "") : word)).join(" ");
}

/** One call of hyperfine, with a plan store of its own in `folder`: the median of each contestant, in milliseconds. */
function measure(
  contestants: readonly Contestant[],
  { runs, warmup }: Rounds,
  folder: string,
  prepare: string[],
): number[] {
  if (contestants.length === 0) return [];
  const file = join(folder, "round.json");
  const commands = contestants.map(({ argv }) => argv.map(quote).join(" "));
  const options = ["-N", "--style=none", `--runs=${runs}`, `--warmup=${warmup}`, "--export-json", file];
  const child = Bun.spawnSync(["hyperfine", ...options, ...prepare, ...commands], {
    stdin: "ignore",
    stderr: "pipe",
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  });
  if (!child.success) throw new Error(`hyperfine: ${child.stderr.toString().trim()}`);
  const { results } = JSON.parse(readFileSync(file, "utf8")) as Export;
  return contestants.map((_, index) => (results[index]?.median ?? Number.NaN) * 1000);
}

/** Those that need an empty store apart: a preparation before each run would slow the others down too. */
function measureRound(contestants: readonly Contestant[], settings: Rounds, folder: string): Map<string, number> {
  const warm = contestants.filter((each) => each.cold !== true);
  const cold = contestants.filter((each) => each.cold === true);
  const medians = [
    ...measure(warm, settings, folder, []),
    ...measure(cold, settings, folder, ["--prepare", `/bin/rm -rf ${folder}/landlockd`]),
  ];
  return new Map([...warm, ...cold].map(({ name }, index) => [name, medians[index] ?? Number.NaN]));
}

/**
 * Measures whole processes, in milliseconds: `rounds` times, each round in another order, so that what else the machine
 * does meets every contestant alike.
 * @throws Error when a command fails: a failing sandbox is not a fast one
 */
export function measureProcesses(contestants: readonly Contestant[], settings: Rounds): Series[] {
  // Not in /tmp, which starter policies let a run write: such a run keeps no plan.
  const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "bench-"));
  try {
    const rounds = Array.from({ length: settings.rounds }, (_, round) =>
      measureRound(rotate(contestants, round), settings, folder),
    );
    return contestants.map(({ name, argv, command }) => ({
      name,
      command: command ?? bareNames(argv),
      rounds: rounds.map((round) => round.get(name) ?? Number.NaN),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
