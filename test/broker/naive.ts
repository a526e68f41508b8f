/** The controls of attacks: the same attack on a broker that lacks one defence, where it must work. */
import type { Box } from "../harness/box.ts";
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
