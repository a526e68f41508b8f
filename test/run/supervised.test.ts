import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { expectNoneOutlives } from "../harness/chain.ts";
import { run as landlockdRun, readEvents, runArgv } from "../harness/landlockd.ts";
import { storable, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { until, within } from "../harness/within.ts";

interface Running {
  /** landlockd's pid. */
  readonly pid: number;
  /** Waits until stdout holds `pattern`. */
  see(pattern: RegExp): Promise<RegExpMatchArray>;
  ended(): Promise<{ status: number | null; signal: string | null }>;
}

/** Starts a supervised run, by `prefix` if there is one, and doesn't wait for its end. */
function start(box: Box, argv: readonly string[], prefix: readonly string[] = []): Running {
  const command = [...prefix, ...runArgv(box, { policy: storable(box), argv, audit: true })];
  const child = Bun.spawn(argvAs(box, command), {
    env: baseEnv(box),
    cwd: box.dir,
    stdin: "pipe",
    stdout: Bun.file(box.write("stdout", "")),
    stderr: "inherit",
  });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  return {
    pid: child.pid,
    see: (pattern) => until(`${pattern}`, () => readFileSync(box.path("stdout"), "utf8").match(pattern) ?? undefined),
    async ended() {
      await within(30_000, child.exited, () => "landlockd is still running");
      const signal = child.signalCode === null ? null : String(child.signalCode);
      return { status: signal === null ? child.exitCode : null, signal };
    },
  };
}

/** A zombie isn't alive, nor is what ends while it is looked at. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

asUsers("a signal that is sent to landlockd is passed on", async (box) => {
  const run = start(box, [probePath("ticker")]);
  await run.see(/ready/);
  for (const [signal, word] of [
    ["SIGTERM", "terminated"],
    ["SIGINT", "interrupted"],
    ["SIGHUP", "hung up"],
    ["SIGUSR1", "usr1"],
    ["SIGWINCH", "resized"],
    ["SIGCONT", "continued"],
  ] as const) {
    process.kill(run.pid, signal);
    await run.see(new RegExp(word));
  }
});

asUsers("SIGTERM ends a workload that doesn't handle it, and landlockd by it", async (box) => {
  const run = start(box, ["/bin/sh", "-c", "echo begun; exec sleep 600"]);
  await run.see(/^begun\r?$/m);
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toEqual({ status: null, signal: "SIGTERM" });
  const events = readEvents(box.path("audit.jsonl"));
  expect(events.map((event) => [event.event, event["signal"]])).toEqual([
    ["run.start", undefined],
    ["run.signal", 15],
  ]);
});

/** A workload with a child, a grandchild in a session of its own, and a process that was left to init. */
const FAMILY = `
  echo pid $$
  sleep 600 & echo pid $!
  setsid sh -c 'trap "" HUP TERM INT; echo pid $$; sleep 600; :' &
  (sh -c 'echo pid $$; exec sleep 600' &)
  sleep 1; echo begun; wait`;

async function pidsOf(run: Running): Promise<string[]> {
  const screen = (await run.see(/[\s\S]*begun/))[0];
  return [...screen.matchAll(/pid (\d+)/g)].map((match) => match[1] ?? "");
}

asUsers("a timer that was set before landlockd ends its workload, as it would without landlockd", async (box) => {
  const set = "import os, signal, sys; signal.setitimer(signal.ITIMER_REAL, 0.3); os.execv(sys.argv[1], sys.argv[1:])";
  const run = start(box, ["/bin/sleep", "20"], ["/usr/bin/python3", "-c", set]);
  expect(await run.ended()).toEqual({ status: null, signal: "SIGALRM" });
});

asUsers("when landlockd is killed, nothing of the run stays behind", async (box) => {
  const run = start(box, ["/bin/bash", "-c", FAMILY]);
  const pids = await pidsOf(run);
  expect(pids.length).toBe(4);
  expect(pids.every(isAlive)).toBe(true);
  process.kill(run.pid, "SIGKILL");
  expect(await run.ended()).toEqual({ status: null, signal: "SIGKILL" });
  await until("the end of the workload and its descendants", () => (pids.some(isAlive) ? undefined : true));
});

asUnprivileged("when landlockd is killed, processes that fork faster than one can kill them end too", async (box) => {
  await expectNoneOutlives(box, VERSION_ONLY);
});

asUsers("a workload that ends leaves its background processes alone, as without landlockd", async (box) => {
  const run = start(box, ["/bin/sh", "-c", "sleep 600 >/dev/null 2>&1 & echo pid $!; echo begun"]);
  const [pid = ""] = await pidsOf(run);
  box.defer(() => void process.kill(Number(pid), "SIGKILL"));
  expect(await run.ended()).toEqual({ status: 0, signal: null });
  expect(isAlive(pid)).toBe(true);
});

asUnprivileged(
  "a supervised workload that [seccomp] allow lets mount, without file layers, mounts as an unsupervised one",
  async (box) => {
    const policy = `${VERSION_ONLY}[seccomp]\nallow = ["namespaces", "mounts"]\n`;
    const argv = ["/usr/bin/unshare", "-Urm", "/bin/sh", "-c", "mount -t tmpfs none /mnt && echo mounted"];
    for (const audit of [false, true]) {
      const result = await landlockdRun(box, { policy, argv, audit });
      expect([audit, result.stdout, result.stderr]).toEqual([audit, "mounted\n", ""]);
    }
  },
);
