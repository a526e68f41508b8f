/** What a bench hands over: the same shape for milliseconds of a process, microseconds of a call, and memory. */
import type { Machine } from "./machine.ts";

/** One thing measured: a program, a way of calling, a size. */
export interface Series {
  readonly name: string;
  /** What exactly was run, as a person would type it. */
  readonly command: string;
  /** One value for each round (the round's own median), in the result's unit. */
  readonly rounds: readonly number[];
}

/** A column of the table: every series divided by the one named. */
export interface Versus {
  readonly title: string;
  readonly name: string;
}

/** A figure to reach: the ratio of two series' medians. */
export interface Target {
  readonly name: string;
  readonly versus: string;
  readonly max: number;
}

/** A bench's outcome, as it is stored in `bench/results/NAME.json`. */
export interface Result {
  /** File name without extension. */
  readonly bench: string;
  readonly title: string;
  /** `ms`, `µs`, `MB`. */
  readonly unit: string;
  readonly machine: Machine;
  /** What was measured with: program → version. */
  readonly versions: Readonly<Record<string, string>>;
  /** How: rounds, runs in each, warm-up. */
  readonly settings: Readonly<Record<string, number>>;
  readonly series: readonly Series[];
  readonly versus: readonly Versus[];
  readonly targets: readonly Target[];
}

/** A bench that `make bench` runs. */
export interface Bench {
  readonly name: string;
  /** `quick` measures too little to keep: it only shows that the bench works. */
  run(options: { readonly quick: boolean }): Result | Promise<Result>;
}
