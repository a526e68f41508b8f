/** The controls of attacks: the same attack on a broker that lacks one defence, where it must work. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { probeArgv } from "../harness/claim.ts";
import { probePath } from "../harness/probe.ts";
import { type ProcessOptions, type ProcessResult, runProcess } from "../harness/process.ts";

/** What a broker of test/probe/naive.c lacks. */
export type Lack =
  | "nothing"
  | "own-open"
  | "one-copy"
  | "pin"
  | "object"
  | "valid-id"
  | "bounds"
  | "callers-root"
  | "closing"
  | "killable"
  | "survival"
  | "helpers"
  | "judging";

/** The command line of `argv` under a naive broker, for the box of `prepare`. */
export function naiveArgv(box: Box, lack: Lack, argv: readonly string[]): string[] {
  return [probePath("naive"), lack, box.path("outside/listed"), box.path("scratch"), "--", ...argv];
}

/** Runs `argv` under a naive broker as the box's user. */
export async function runNaive(
  box: Box,
  lack: Lack,
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return await runProcess(box, naiveArgv(box, lack, argv), options);
}

/** Asserts what each attempt of a probe comes to under a naive broker. */
export async function expectNaive(
  box: Box,
  lack: Lack,
  probe: string,
  rows: readonly (readonly [attempt: readonly [string, ...string[]], outcome: string])[],
  prefix: readonly string[] = [],
): Promise<void> {
  const argv = probeArgv(
    probe,
    rows.map(([attempt]) => attempt),
  );
  const result = await runProcess(box, [...prefix, ...naiveArgv(box, lack, argv)]);
  expect([lack, ...result.stdout.trimEnd().split("\n")]).toEqual([
    lack,
    ...rows.map(([[name], outcome]) => `${name} ${outcome}`),
  ]);
}
