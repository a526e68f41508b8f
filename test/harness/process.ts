/** Starts one process as one user and waits for its end. */
import type { Box } from "./box.ts";
import { SUITE_IS_ROOT } from "./user.ts";
import { within } from "./within.ts";

export interface ProcessOptions {
  /** The whole environment; {@link baseEnv} by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** The box's folder by default. */
  readonly cwd?: string;
  /** What is written to stdin, which is then closed. Empty by default. */
  readonly stdin?: string | Uint8Array;
  /** A command in front of all else, run as the suite's own user: one that enters a namespace. */
  readonly enter?: readonly string[];
  /** After this the process is killed and the test fails. */
  readonly timeoutMs?: number;
}

export interface ProcessResult {
  /** The exit status; null if a signal ended the process. */
  readonly status: number | null;
  /** The signal's name, SIGTERM for one; null if the process exited. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 60_000;

/** The environment of a run that sets none: nothing of the suite's own. */
export function baseEnv(box: Box): Record<string, string> {
  return { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: box.dir, TMPDIR: box.dir, LANG: "C.UTF-8" };
}

/** `argv` as the box's user runs it. */
export function argvAs(box: Box, argv: readonly string[]): string[] {
  if (!SUITE_IS_ROOT || box.user.uid === 0) return [...argv];
  return ["setpriv", `--reuid=${box.user.uid}`, `--regid=${box.user.gid}`, "--clear-groups", "--", ...argv];
}

/**
 * Runs `argv` as the box's user.
 *
 * @throws Error if it is still running after the timeout; it is killed then.
 */
export async function runProcess(
  box: Box,
  argv: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const child = Bun.spawn([...(options.enter ?? []), ...argvAs(box, argv)], {
    env: options.env ?? baseEnv(box),
    cwd: options.cwd ?? box.dir,
    stdin: new Blob([options.stdin ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const ended = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const [stdout, stderr] = await within(options.timeoutMs ?? TIMEOUT_MS, ended, () => {
    child.kill("SIGKILL");
    return `still running after the timeout: ${argv.join(" ")}`;
  });
  const signal = child.signalCode === null ? null : String(child.signalCode);
  return { status: signal === null ? child.exitCode : null, signal, stdout, stderr };
}
