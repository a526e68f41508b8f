/** The state in which a process was started, as test/probe/state.c prints it. */
import type { ProcessResult } from "./process.ts";

export type State = Readonly<Record<string, string>>;

/** @throws Error if the probe failed. */
export function parseState(result: ProcessResult): State {
  if (result.status !== 0) throw new Error(`the probe failed: ${JSON.stringify(result)}`);
  const lines = result.stdout.trimEnd().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const space = line.indexOf(" ");
      return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
    }),
  );
}

/** The state without the keys that differ between any two processes. */
export function comparable(state: State, without: readonly string[] = []): State {
  const dropped = new Set(["pid", "ppid", "pgid", "sid", ...without]);
  return Object.fromEntries(Object.entries(state).filter(([key]) => !dropped.has(key)));
}
