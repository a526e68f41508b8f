/** A box whose store holds the plan of a policy with a broker. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { brokeredPrograms, prepare } from "../broker/policies.ts";
import type { Box } from "../harness/box.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { argvAs } from "../harness/process.ts";
import { within } from "../harness/within.ts";
import { openShelf, type Shelf } from "./shelf.ts";

export interface Stage extends Shelf {
  readonly listed: string;
  readonly secret: string;
  readonly scratch: string;
  readonly out: string;
  readonly log: string;
  /** A policy with all four lists, whose plan is in the store. */
  readonly policy: string;
}

/** The box with such a policy, which was run once. */
export async function openStage(box: Box): Promise<Stage> {
  const shelf = openShelf(box);
  const paths = prepare(box);
  const log = box.path("outside/log");
  const lists = { allow_read: [paths.listed], allow_write: [log], scratch: [paths.scratch], export: [paths.out] };
  const policy = box.write("brokered.toml", brokeredPrograms(lists));
  expect(await shelf.run(policy, { argv: ["/bin/true"] })).toMatchObject({ by: "bun", status: 0, stderr: "" });
  return { ...shelf, ...paths, log, policy };
}

export const sh = (script: string): string[] => ["/bin/sh", "-c", script];

/** A run that goes on. */
export interface Begun {
  readonly pid: number;
  /** Writes to its stdin. */
  say(text: string): void;
  /** Waits for its end: the status, or the signal's name. */
  end(): Promise<string>;
  /** Its stdout so far. */
  text(): string;
  /** Its stderr so far. */
  complaint(): string;
}

/** Starts a run, and doesn't wait for its end. */
export function begin(
  stage: Stage,
  argv: readonly string[],
  flags: readonly string[] = [],
  stdin: "ignore" | "pipe" = "ignore",
): Begun {
  const command = [landlockdPath(), "run", "--policy-file", stage.policy, ...flags, "--", ...argv];
  const child = Bun.spawn(argvAs(stage.box, command), {
    env: stage.env,
    cwd: stage.box.dir,
    stdin,
    stdout: Bun.file(stage.box.write("stdout", "")),
    stderr: Bun.file(stage.box.write("stderr", "")),
  });
  stage.box.defer(() => child.kill("SIGKILL"));
  return {
    pid: child.pid,
    say(text: string): void {
      if (typeof child.stdin !== "object") throw new Error("its stdin isn't a pipe");
      child.stdin.write(text);
      child.stdin.flush();
    },
    async end(): Promise<string> {
      await within(10_000, child.exited, () => "landlockd is still running");
      return child.signalCode === null ? String(child.exitCode) : String(child.signalCode);
    },
    text: () => readFileSync(stage.box.path("stdout"), "utf8"),
    complaint: () => readFileSync(stage.box.path("stderr"), "utf8"),
  };
}
