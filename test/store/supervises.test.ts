import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { asUsers, asUsersUnless } from "../harness/cases.ts";
import { landlockdPath, readEvents } from "../harness/landlockd.ts";
import { argvAs } from "../harness/process.ts";
import { until, within } from "../harness/within.ts";
import { fsLayer, mountOnly, obstacle, prepareRoot } from "../mount/prepared.ts";
import { bothWays } from "./both.ts";
import { openShelf, type Shelf } from "./shelf.ts";

/** The shelf's strict policy, with a PID namespace, and what a shell gives to those in the background as stdin. */
async function ownProc({ box, strict }: Shelf): Promise<string> {
  const rule = `[[fs_layer.rule]]\npath = "/dev/null"\nallowed_access = ["read_file"]\n`;
  return box.write("proc.toml", `${await Bun.file(strict).text()}${rule}[mount]\nproc = ["/proc"]\n`);
}

asUsers("the front supervises a run in a PID namespace, which ends as under Bun", async (box) => {
  const shelf = openShelf(box);
  const policy = await ownProc(shelf);
  const scripts: readonly (readonly [string, object])[] = [
    ["echo $$", { status: 0, stdout: "2\n" }],
    ["exit 7", { status: 7 }],
    ["kill -TERM $$", { signal: "SIGTERM" }],
    ["kill -SEGV $$", { signal: "SIGSEGV" }],
    ["kill -PIPE $$", { signal: "SIGPIPE" }],
    ["sleep 1000 & sleep 0.2; exit 3", { status: 3, stderr: "" }],
    ["kill -KILL 1; kill -0 $PPID; echo $?", { status: 0, stdout: "1\n" }],
  ];
  for (const [script, expected] of scripts) {
    const { front, bun } = await bothWays(shelf, policy, { argv: ["/bin/sh", "-c", script] });
    expect(bun).toMatchObject({ by: "bun", ...expected });
    expect(front).toEqual({ ...bun, by: "front" });
  }
});

asUsers("what can't be started in a PID namespace is told as under Bun", async (box) => {
  const shelf = openShelf(box);
  const policy = await ownProc(shelf);
  const commands: readonly (readonly [number, string])[] = [
    [127, "no-such-command"],
    [127, box.path('inside/"none"')],
    [126, box.write("inside/plain", "echo\n", 0o644)],
    [126, box.write("outside/denied", "#!/bin/sh\n", 0o755)],
  ];
  for (const [status, command] of commands) {
    const flags = ["--audit", box.path("record")];
    const { front, bun } = await bothWays(shelf, policy, { argv: [command], flags, sink: "record" });
    expect(bun).toMatchObject({ status, sink: expect.stringContaining("run.error") });
    // Bun served both in the end: the front has nothing to say.
    expect(front).toEqual(bun);
  }
});

asUsersUnless(obstacle, "mounts are events of the front's as of Bun's, byte for byte", async (box) => {
  const shelf = openShelf(box);
  const root = prepareRoot(box);
  const source = box.mkdir('so "ur" ce – \u{1f980} \\ \t\n\u007f');
  const [odd, writable] = [box.mkdir('root/o"d\\d'), box.mkdir("root/rw")];
  const quote = (path: string): string => JSON.stringify(path).replaceAll("\u007f", "\\u007F");
  const binds = [
    `{ source = ${quote(source)}, target = ${quote(odd)} }`,
    `{ source = ${quote(box.mkdir("other"))}, target = "${writable}", read_only = false }`,
  ];
  const mounts = `tmpfs = ["${root}/tmp", "${root}/etc"]\nbind = [${binds.join(", ")}]`;
  for (const proc of ["", `proc = ["${root}/proc"]\n`]) {
    const runtime = `[runtime]\nroot = "${root}"\ncwd = "/work"`;
    const policy = box.write("root.toml", mountOnly(runtime, `[mount]\n${proc}${mounts}`) + fsLayer([root]));
    const options = { argv: ["/bin/sh", "-c", "ls /o*; exit 4"], flags: ["--audit", box.path("record")] };
    const { front, bun } = await bothWays(shelf, policy, { ...options, sink: "record" });
    expect(bun).toMatchObject({ by: "bun", status: 4 });
    expect(bun.sink.match(/"event":"[a-z.]+"/g)?.length).toBe(proc === "" ? 6 : 7);
    expect(front).toEqual({ ...bun, by: "front" });
  }
});

interface Begun {
  readonly pid: number;
  /** What it printed so far. */
  text(): string;
  ended(): Promise<number | string>;
}

/** Starts a run of a policy that the store has, with a record. */
function begin({ box, env }: Shelf, policy: string, argv: readonly string[]): Begun {
  box.remove("record");
  const flags = ["--policy-file", policy, "--audit", box.path("record")];
  const out = box.write("out", "");
  const child = Bun.spawn(argvAs(box, [landlockdPath(), "run", ...flags, "--", ...argv]), {
    env,
    cwd: box.dir,
    stdio: ["ignore", Bun.file(out), "inherit"],
  });
  return {
    pid: child.pid,
    text: () => readFileSync(out, "utf8"),
    async ended() {
      await within(30_000, child.exited, () => "landlockd is still running");
      return child.signalCode === null ? (child.exitCode ?? -1) : String(child.signalCode);
    },
  };
}

function childrenOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  } catch {
    return ""; // it isn't there yet, or not any more
  }
}

asUsers(
  "a run whose keeper is killed while it sets the sandbox up ends by that, and isn't begun again",
  async (box) => {
    const shelf = openShelf(box);
    // Rules, so that there is time.
    const rule = `[[fs_layer.rule]]\npath = "${box.path("inside")}"\nallowed_access = ["read_file"]\n`;
    const text = (await Bun.file(shelf.strict).text()) + rule.repeat(4000);
    const policy = box.write("many.toml", `${text}[mount]\nproc = ["/proc"]\n`);
    await shelf.fill(policy);
    let killed = 0;
    for (let attempt = 0; attempt < 40 && killed < 5; attempt++) {
      const run = begin(shelf, policy, ["/bin/sh", "-c", "echo ran"]);
      let keeper = Number.NaN;
      for (const end = Date.now() + 500; !(keeper > 0) && Date.now() < end; ) keeper = Number(childrenOf(run.pid));
      try {
        // Never 0, which would be our own process group.
        if (keeper > 0) process.kill(keeper, "SIGKILL");
      } catch {
        // It was faster.
      }
      const ended = await run.ended();
      const events = readEvents(box.path("record")).map(({ event, signal }) => [event, signal]);
      if (ended === "SIGKILL") expect(events.at(-1)).toEqual(["run.signal", 9]);
      else expect([ended, run.text()]).toEqual([0, "ran\n"]);
      if (ended === "SIGKILL" && events.length === 1) killed += 1;
      expect(run.text().match(/ran/g)?.length ?? 0).toBeLessThan(2);
    }
    expect(killed).toBeGreaterThan(0);
  },
);

asUsers("a signal at any moment of the start ends landlockd, and nothing of the run is left", async (box) => {
  const shelf = openShelf(box);
  const policy = await ownProc(shelf);
  await shelf.fill(policy);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    for (let delayMs = 0; delayMs <= 10; delayMs++) {
      const argv = ["/bin/sleep", `600.${box.dir.length}${delayMs}${process.pid}`];
      const run = begin(shelf, policy, argv);
      await until("landlockd", () => readFileSync(`/proc/${run.pid}/cmdline`, "utf8").includes("record") || undefined);
      await Bun.sleep(delayMs);
      process.kill(run.pid, signal);
      expect([delayMs, await run.ended()]).toEqual([delayMs, signal]);
      const left = (): boolean => Bun.spawnSync(["pgrep", "-xf", argv.join(" ")]).exitCode === 0;
      await until("the run's end", () => (left() ? undefined : true), 5000);
    }
  }
});

/** Prints, at the event of a run's end, whether the keeper is there, whose pid the event of a mount has. */
const AT_THE_END = `"$@" 3>&1 >/dev/null | while read -r line; do
  [[ $line =~ "mount.proc".*'"pid":'([0-9]+) ]] && keeper=\${BASH_REMATCH[1]}
  [[ $line != *run.exit* ]] || { [[ -d /proc/$keeper ]] && echo there || echo gone; }
done`;

asUsers("a PID namespace is over when the record says that its run is", async (box) => {
  const shelf = openShelf(box);
  const policy = await ownProc(shelf);
  await shelf.fill(policy);
  // It takes a while to kill so many.
  const many = "i=0; while [ $i -lt 60 ]; do sleep 600 & i=$((i + 1)); done; exit 3";
  const options = { argv: ["/bin/sh", "-c", many], flags: ["--audit", "fd:3"], script: AT_THE_END };
  for (let attempt = 0; attempt < 3; attempt++) {
    const { front, bun } = await bothWays(shelf, policy, options);
    expect(bun).toMatchObject({ by: "bun", stdout: "gone\n" });
    expect(front).toEqual({ ...bun, by: "front" });
  }
});

/** Resident memory in KiB. */
function residentOf(pid: string): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

asUsers("while the front supervises, landlockd and its keeper take less than a megabyte", async (box) => {
  const shelf = openShelf(box);
  const marker = box.path("inside/begun");
  for (const policy of [shelf.strict, await ownProc(shelf)]) {
    box.remove("inside/begun");
    await shelf.fill(policy);
    const script = `trap 'exit 5' TERM; echo >${marker}; while :; do sleep 0.05; done`;
    const run = begin(shelf, policy, ["/bin/sh", "-c", script]);
    await until("the workload", () => (existsSync(marker) ? true : undefined));
    const sizes = [String(run.pid), childrenOf(run.pid)].map(residentOf);
    process.kill(run.pid, "SIGTERM");
    expect(await run.ended()).toBe(5);
    for (const size of sizes) {
      expect(size).toBeGreaterThan(0);
      expect(size).toBeLessThan(1024);
    }
  }
});
