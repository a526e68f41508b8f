/** Runs checks two at a time and prints them in their order. */
import type { Check } from "./list.ts";

interface Outcome {
  readonly state: "ok" | "FAIL" | "skip";
  readonly seconds: number;
  /** What is shown below the line: the check's own output, or why it was skipped. */
  readonly detail: string;
}

/** More would only take the compiler's cores away from the type checker. */
const AT_ONCE = 2;

function missingProgram(check: Check): string | undefined {
  if (check.needs === undefined || Bun.which(check.needs.program) !== null) return undefined;
  return `${check.needs.program}: not found; apt-get install ${check.needs.debian}`;
}

/** The checks call `make` themselves: the job server's file descriptors of the calling make aren't theirs. */
function environment(): Record<string, string | undefined> {
  const { MAKEFLAGS: _flags, MFLAGS: _old, MAKELEVEL: _level, ...rest } = process.env;
  return rest;
}

async function runCheck(check: Check, isCi: boolean): Promise<Outcome> {
  const missing = missingProgram(check);
  if (missing !== undefined) return { state: isCi ? "FAIL" : "skip", seconds: 0, detail: missing };
  const started = performance.now();
  const child = Bun.spawn([...check.command], {
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const seconds = (performance.now() - started) / 1000;
  return status === 0 ? { state: "ok", seconds, detail: "" } : { state: "FAIL", seconds, detail: stdout + stderr };
}

function print(check: Check, outcome: Outcome): void {
  console.log(`${outcome.state.padEnd(5)} ${check.name.padEnd(18)} ${outcome.seconds.toFixed(1).padStart(6)} s`);
  const detail = outcome.detail.trimEnd();
  if (detail !== "") console.log(detail.replace(/^/gm, "      "));
}

/** Runs all of them, whatever fails. True when none did. A skipped check is a failure where CI=true. */
export async function runChecks(checks: readonly Check[]): Promise<boolean> {
  const isCi = process.env["CI"] === "true";
  const outcomes: Outcome[] = [];
  let next = 0;
  let printed = 0;
  const worker = async (): Promise<void> => {
    for (let mine = next++; mine < checks.length; mine = next++) {
      const check = checks[mine];
      if (check === undefined) return;
      outcomes[mine] = await runCheck(check, isCi);
      for (let due = outcomes[printed]; due !== undefined; due = outcomes[printed]) {
        const done = checks[printed++];
        if (done !== undefined) print(done, due);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const failed = outcomes.filter((outcome) => outcome.state === "FAIL").length;
  const skipped = outcomes.filter((outcome) => outcome.state === "skip").length;
  console.log(`${checks.length - failed - skipped} ok, ${failed} failed, ${skipped} skipped`);
  return failed === 0;
}
