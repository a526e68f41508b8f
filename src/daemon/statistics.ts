/** What a daemon has done so far, as `landlockd status` shows it. */

import { outcomeOf } from "../run/outcome.ts";

/** How a run that a daemon held can have ended. */
export type RunEnd = "exited_zero" | "exited_nonzero" | "signaled" | "failed" | "lost" | "unknown";

/** How a run counts, by what its client says of its end. */
export function runEndOf(end: { readonly status: number } | { readonly errno: number }): RunEnd {
  if ("errno" in end) return "failed";
  const outcome = outcomeOf(end.status);
  if (outcome.kind === "signaled") return "signaled";
  return outcome.status === 0 ? "exited_zero" : "exited_nonzero";
}

/** Microseconds: medians and tails of the newest samples. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

const SAMPLES = 4096;

/** The newest samples of one duration. */
export class Samples {
  readonly #values = new Float64Array(SAMPLES);
  #count = 0;

  add(microseconds: number): void {
    this.#values[this.#count % SAMPLES] = microseconds;
    this.#count += 1;
  }

  percentiles(): Percentiles {
    const sorted = this.#values.slice(0, Math.min(this.#count, SAMPLES)).sort();
    const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    return { count: this.#count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
  }
}

export class Statistics {
  readonly #start = performance.now();
  readonly outcomes: Record<RunEnd, number> = {
    exited_zero: 0,
    exited_nonzero: 0,
    signaled: 0,
    failed: 0,
    lost: 0,
    unknown: 0,
  };
  /** Started ones. */
  runs = 0;
  refused = 0;
  /** Runs that their clients supervise by themselves. */
  direct = 0;
  brokered = 0;
  /** From a request to its plan. */
  readonly plan: Samples = new Samples();
  /** From a plan to the workload's execve. */
  readonly start: Samples = new Samples();

  get uptimeSeconds(): number {
    return Math.round((performance.now() - this.#start) / 1000);
  }
}

/** What `status --json` prints. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  readonly socket: string;
  readonly uptime_seconds: number;
  readonly stopping: boolean;
  readonly connections: number;
  readonly runs: { readonly now: number; readonly total: number; readonly direct: number; readonly refused: number };
  readonly outcomes: Readonly<Record<RunEnd, number>>;
  readonly plans: { readonly kept: number; readonly hits: number; readonly misses: number };
  readonly brokered_requests: number;
  readonly latency_microseconds: { readonly plan: Percentiles; readonly start: Percentiles };
}

/** What `stop` prints. */
export interface StopReport {
  /** Runs that ended by themselves while the daemon waited. */
  readonly drained: number;
  /** Runs that were ended. */
  readonly ended: number;
}
