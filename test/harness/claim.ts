/**
 * An escape claim: attempts that succeed outside the sandbox (the positive control) and fail inside it with one errno.
 */
import { expect } from "bun:test";
import type { Box } from "./box.ts";
import { type RunOptions, run } from "./landlockd.ts";
import { probePath } from "./probe.ts";
import { type ProcessOptions, type ProcessResult, runProcess } from "./process.ts";

/** What an attempt came to: `OK`, an errno's name, or the signal that ended the child that made it. */
export type Outcome = string;

export interface Row {
  /** The attempt's name in the probe, and its arguments. */
  readonly attempt: readonly [string, ...string[]];
  readonly outside: Outcome;
  readonly inside: Outcome;
}

export interface Claim {
  /** The probe that makes the attempts: a file of test/probe. */
  readonly probe: string;
  readonly policy: string;
  readonly rows: readonly Row[];
  /** Puts files in their first state; called before the attempts outside and again before those inside. */
  readonly prepare?: () => void;
  readonly flags?: RunOptions["flags"];
  readonly prefix?: RunOptions["prefix"];
  readonly options?: ProcessOptions;
}

/** A row's short form. */
export function row(attempt: readonly [string, ...string[]], outside: Outcome, inside: Outcome): Row {
  return { attempt, outside, inside };
}

/** The probe's argument list for these attempts. */
export function probeArgv(probe: string, attempts: readonly (readonly string[])[]): string[] {
  return [probePath(probe), ...attempts.flatMap((attempt, index) => (index === 0 ? attempt : ["+", ...attempt]))];
}

/** One line per attempt: its name and what it came to. */
function outcomes(result: ProcessResult): string[] {
  if (result.status !== 0 || result.stderr !== "") throw new Error(`the probe failed: ${JSON.stringify(result)}`);
  return result.stdout.trimEnd().split("\n");
}

const lines = (rows: readonly Row[], side: "outside" | "inside"): string[] =>
  rows.map((each) => `${each.attempt[0]} ${each[side]}`);

/** Asserts both columns of every row. */
export async function expectClaim(box: Box, claim: Claim): Promise<void> {
  const argv = probeArgv(
    claim.probe,
    claim.rows.map((each) => each.attempt),
  );
  claim.prepare?.();
  const bare = await runProcess(box, [...(claim.prefix ?? []), ...argv], claim.options);
  expect(outcomes(bare)).toEqual(lines(claim.rows, "outside"));
  claim.prepare?.();
  const { policy, flags = [], prefix = [] } = claim;
  const confined = await run(box, { ...claim.options, policy, argv, flags, prefix });
  expect(outcomes(confined)).toEqual(lines(claim.rows, "inside"));
}
