/** The end of `landlockd run`: as the workload ended. */

import { die } from "../native/signals.ts";
import type { RunResult } from "../run/result.ts";
import { exit, writeErr } from "./output.ts";

/** Tells what was lost, and ends this process by the workload's status or signal. */
export async function endAs({ outcome, losses }: RunResult): Promise<never> {
  if (losses.events > 0) {
    const { errnoName } = await import("../kernel/errno-names.ts");
    writeErr(`landlockd: ${losses.events} audit events were lost: ${errnoName(losses.errno)}\n`);
  }
  if (outcome.kind === "exited") return exit(outcome.status);
  die(outcome.signal);
  return exit(128 + outcome.signal); // a signal whose default isn't to end a process can't have ended one
}

const SIGKILL = 9;

/** For a run that had begun, and that landlockd has ended: as its workload, which was killed. */
export function endKilled(): never {
  die(SIGKILL);
  return exit(128 + SIGKILL);
}
