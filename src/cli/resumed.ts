/** `landlockd run`, where the front has started the workload already. */

import type { Handoff } from "../native/handoff.ts";
import { resume } from "../run/resume.ts";
import { exit, writeErr } from "./output.ts";
import { endAs } from "./run-end.ts";
import { STATUS_FAILED } from "./status.ts";

/** Ends as the run does. */
export async function resumeRun(handoff: Handoff): Promise<never> {
  // The build puts the JIT off, for programs that are over at once (Makefile). A broker answers as long as its run lasts.
  Bun.unsafe.setJITPolicy(1);
  try {
    return await endAs(resume(handoff));
  } catch (error) {
    writeErr(
      `landlockd: the broker failed, and the run was ended: ${error instanceof Error ? error.message : error}\n`,
    );
    return exit(STATUS_FAILED);
  }
}
