/** The same run twice, by the front and by Bun: what they do and write has to be the same. */
import { readFileSync } from "node:fs";
import { landlockd } from "../harness/landlockd.ts";
import type { Shelf } from "./shelf.ts";

export interface Ways {
  readonly argv: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A bash script that executes `"$@"`, landlockd's command line: for redirections, and bytes that aren't UTF-8. */
  readonly script?: string;
  /** A file that the run writes; removed before each. */
  readonly sink?: string;
}

export interface Way {
  readonly by: "front" | "bun";
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the sink held afterwards. */
  readonly sink: string;
}

/** Fields of an event whose values differ from run to run. */
const VARYING = /"(timestamp|run_id)":"[^"]*"|"(pid)":\d+/g;

const settled = (text: string): string => text.replace(VARYING, '"$1$2":…');

async function oneWay(shelf: Shelf, policy: string, options: Ways, env: Record<string, string>): Promise<Way> {
  const { box } = shelf;
  if (options.sink !== undefined) box.remove(options.sink);
  const before = shelf.fingerprint();
  const prefix = ["/bin/bash", "-c", options.script ?? 'exec "$@"', "bash"];
  const argv = ["run", "--policy-file", policy, ...(options.flags ?? []), "--", ...options.argv];
  const result = await landlockd(box, argv, { prefix, env: { ...shelf.env, ...options.env, ...env } });
  const sink = options.sink === undefined ? "" : readFileSync(box.path(options.sink), "latin1");
  return {
    by: shelf.fingerprint() === before ? "front" : "bun",
    ...result,
    stdout: settled(result.stdout),
    stderr: settled(result.stderr),
    sink: settled(sink),
  };
}

/** Both ways, of a policy that the store has: the front's run and Bun's. */
export async function bothWays(shelf: Shelf, policy: string, options: Ways): Promise<{ front: Way; bun: Way }> {
  const bun = await oneWay(shelf, policy, options, { LANDLOCKD_NO_FAST_PATH: "1" });
  const front = await oneWay(shelf, policy, options, {});
  return { front, bun };
}
