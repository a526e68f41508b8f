/** Signals that come while a start fails act as they would have a moment before. strace holds the start up meanwhile. */
import { expect } from "bun:test";
import { readlinkSync, realpathSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { childrenOf } from "../harness/children.ts";
import { landlockdPath, readEvents } from "../harness/landlockd.ts";
import { argvAs } from "../harness/process.ts";
import { openTerminal } from "../harness/terminal.ts";
import { until, within } from "../harness/within.ts";
import { openStage, type Stage } from "./brokered.ts";

const HELD_MS = 500;

/** Every one of these calls takes so long. */
function hold(call: string): string[] {
  const interrupts = "-I4"; // a Ctrl-C is for landlockd
  const inject = `inject=${call}:delay_enter=${HELD_MS}000`;
  return ["strace", "-D", interrupts, "-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", inject];
}

/** Of landlockd first, of the workload then. */
const HOLD = hold("execve");

/** Not so strace, which for a moment is child and grandchild of what becomes landlockd. */
function isLandlockd(pid: string | number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === realpathSync(landlockdPath());
  } catch {
    return false;
  }
}

/** The keeper, once it is there. */
function keeperOf(pid: number | string): readonly string[] {
  return isLandlockd(pid) ? childrenOf(pid).filter(isLandlockd) : [];
}

/** The workload-to-be, which is the one that is held up. */
function heldOf(pid: string | number): readonly string[] {
  return keeperOf(pid).flatMap((keeper) => childrenOf(keeper).filter(isLandlockd));
}

interface Kind {
  readonly name: string;
  /** The policy, and flags. */
  readonly flags: (stage: Stage) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const audited = (stage: Stage): string[] => ["--policy-file", stage.lax, "--audit", stage.box.path("audit.jsonl")];
const brokered = (stage: Stage): string[] => ["--policy-file", stage.policy];

const KINDS: readonly Kind[] = [
  { name: "with a record", flags: audited, env: {} },
  { name: "with a record, by Bun", flags: audited, env: { LANDLOCKD_NO_FAST_PATH: "1" } },
  { name: "with a broker", flags: brokered, env: {} },
  { name: "with a broker, by Bun", flags: brokered, env: { LANDLOCKD_NO_FAST_PATH: "1" } },
];

/** Sends a signal while the command, which the policy doesn't let be executed, is about to be. How landlockd ended. */
async function endedAfter(
  stage: Stage,
  kind: Kind,
  signal: NodeJS.Signals,
  prefix: readonly string[] = [],
  command: string | undefined = undefined,
): Promise<string> {
  const { box } = stage;
  const denied = box.write("outside/denied", "#!/bin/sh\n", 0o755);
  const argv = [...HOLD, ...prefix, landlockdPath(), "run", ...kind.flags(stage), "--", command ?? denied];
  const child = Bun.spawn(argvAs(box, argv), {
    env: { ...stage.env, ...kind.env },
    cwd: box.dir,
    stdin: "pipe",
    stdout: "ignore",
    stderr: Bun.file(box.write("stderr", "")),
  });
  box.defer(() => child.kill("SIGKILL"));
  await until("the start", () => heldOf(child.pid)[0]);
  process.kill(child.pid, signal);
  await within(20_000, child.exited, () => "landlockd is still running");
  if (child.signalCode !== null) return String(child.signalCode);
  return `${child.exitCode} ${await Bun.file(box.path("stderr")).text()}`;
}

const TOLD = /^126 landlockd: cannot execute /;

for (const kind of KINDS) {
  asUsers(`what ends a process ends a landlockd whose start fails, ${kind.name}`, async (box) => {
    const stage = await openStage(box);
    await stage.fill(stage.lax);
    for (const signal of ["SIGTERM", "SIGUSR1"] as const) {
      expect([signal, await endedAfter(stage, kind, signal)]).toEqual([signal, signal]);
    }
    // By Bun, the failure is on record all the same; the front leaves a failed start to Bun.
    if (kind.flags === audited && kind.env["LANDLOCKD_NO_FAST_PATH"] !== undefined) {
      expect(readEvents(box.path("audit.jsonl")).map(({ event }) => event)).toEqual(Array(2).fill("run.error"));
    }
    // What ends none, or is ignored as it is for the workload, leaves it to tell of the failure.
    expect(await endedAfter(stage, kind, "SIGWINCH")).toMatch(TOLD);
    expect(await endedAfter(stage, kind, "SIGTERM", ["env", "--ignore-signal=TERM"])).toMatch(TOLD);
  });
}

asUsers("a start that doesn't fail loses none either", async (box) => {
  const stage = await openStage(box);
  await stage.fill(stage.lax);
  for (const kind of KINDS) {
    expect([kind.name, await endedAfter(stage, kind, "SIGTERM", [], "/bin/cat")]).toEqual([kind.name, "SIGTERM"]);
  }
});

/** What exists of a run before its workload is executed, by what is held up: the keeper, or the workload-to-be too. */
const MOMENTS: readonly (readonly [string, (pid: string) => readonly string[]])[] = [
  ["landlock_restrict_self", keeperOf],
  ["execve", heldOf],
];

asUsers("Ctrl-C before the workload is executed ends both", async (box) => {
  const stage = await openStage(box);
  await stage.fill(stage.lax);
  for (const [call, made] of MOMENTS) {
    for (const kind of KINDS) {
      const command = [...hold(call), landlockdPath(), "run", ...kind.flags(stage), "--", "/bin/sleep", "20"].join(" ");
      const variables = Object.entries({ ...stage.env, ...kind.env }).map(
        ([name, value]) => `export ${name}=${value}\n`,
      );
      const script = box.write("start", `${variables.join("")}echo pid $$\nexec ${command}\n`);
      const session = openTerminal(box, ["/bin/bash", "--norc", "--noprofile", "-i"]);
      session.type("PS1='prompt> '; stty -echo\n");
      await session.see(/prompt> $/);
      session.type(`sh ${script}\n`);
      const [, pid = ""] = await session.see(/pid (\d+)/);
      await until("the start", () => made(pid)[0]);
      session.type("\x03");
      await session.see(/prompt> $/);
      session.type("echo status $?\n");
      expect([call, kind.name, (await session.see(/status (\d+)/))[1]]).toEqual([call, kind.name, "130"]);
    }
  }
});

asUsers("a workload that is killed before it is executed is over, whoever its keeper is", async (box) => {
  const stage = await openStage(box);
  const text = await Bun.file(stage.lax).text();
  const contained = `${text}[mount]\nproc = ["/proc"]\n`;
  const mounting = `${contained}[broker]\nmount_tmpfs = [${JSON.stringify(box.mkdir("inside/mounted"))}]\n`;
  for (const policy of [text, contained, mounting]) {
    const flags = ["--policy-file", box.write("killed.toml", policy), "--audit", box.path("audit.jsonl")];
    const child = Bun.spawn(argvAs(box, [...HOLD, landlockdPath(), "run", ...flags, "--", "/bin/true"]), {
      env: stage.env,
      cwd: box.dir,
      stdio: ["ignore", "ignore", "ignore"],
    });
    box.defer(() => child.kill("SIGKILL"));
    const workload = await until("the start", () => heldOf(child.pid)[0]);
    process.kill(Number(workload), "SIGKILL");
    await within(20_000, child.exited, () => "landlockd is still running");
    expect([policy, child.signalCode]).toEqual([policy, "SIGKILL"]);
  }
});
