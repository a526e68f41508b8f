/** `landlockd run`, where the front has started the workload already. */

import { Supervisor } from "../native/supervisor.ts";
import { resume } from "../run/resume.ts";
import { exit, writeErr } from "./output.ts";
import { endAs } from "./run-end.ts";
import { STATUS_FAILED } from "./status.ts";

/** Ends as the run does. */
export async function resumeRun(): Promise<never> {
  // The build puts the JIT off, for programs that are over at once (Makefile). A broker answers as long as its run lasts.
  Bun.unsafe.setJITPolicy(1);
  try {
    const started = Supervisor.takeOver();
    if (started === undefined) throw new Error("there is no run to go on with");
    return await endAs(resume(started));
  } catch (error) {
    writeErr(
      `landlockd: the broker failed, and the run was ended: ${error instanceof Error ? error.message : error}\n`,
    );
    return exit(STATUS_FAILED);
  }
}
