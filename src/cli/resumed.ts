/** `landlockd run`, where the front has started the workload already. */

import { EndedError } from "../base/errors.ts";
import { Supervisor } from "../native/supervisor.ts";
import { resume } from "../run/resume.ts";
import { writeErr } from "./output.ts";
import { endAs, endKilled } from "./run-end.ts";

/** Ends as the run does. */
export async function resumeRun(): Promise<never> {
  // The build puts the JIT off, for programs that are over at once (Makefile). A broker answers as long as its run lasts.
  Bun.unsafe.setJITPolicy(1);
  const started = Supervisor.takeOver();
  try {
    if (started === undefined) throw new Error("there is no run to go on with");
    return await endAs(resume(started));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    writeErr(
      `landlockd: ${error instanceof EndedError ? "" : "the broker failed, and the run was ended: "}${reason}\n`,
    );
    // Before this process ends, and the listener with it: no caller is to see an answer that is nobody's.
    started?.end();
    return endKilled();
  }
}
