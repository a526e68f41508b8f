/** landlockd under strace, gdb and perf: the workload is seen, and ends as it does without them (docs/bun-start.md). */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { landlockd, landlockdPath, readEvents } from "../harness/landlockd.ts";
import { type ProcessResult, runProcess } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { begin, openStage, type Stage, sh } from "./brokered.ts";

/** The front's run, from the stored plan, and Bun's. */
const WAYS = [
  ["the front", {}],
  ["Bun", { LANDLOCKD_NO_FAST_PATH: "1" }],
] as const;

type Way = (typeof WAYS)[number][1];

interface Watched {
  readonly stage: Stage;
  readonly box: Box;
  /** Runs under a tool: plain, supervised, and with a broker that is asked. */
  readonly runs: readonly (readonly [kind: string, flags: readonly string[]])[];
}

async function prepare(box: Box): Promise<Watched> {
  const stage = await openStage(box);
  await stage.fill(stage.lax);
  const audit = ["--audit", box.path("audit.jsonl")];
  const runs = [
    ["plain", ["--policy-file", stage.lax]],
    ["supervised", ["--policy-file", stage.lax, ...audit]],
    ["brokered", ["--policy-file", stage.policy]],
  ] as const;
  return { stage, box, runs };
}

/** `script` as the workload, beneath a tool. */
async function under(
  { stage, box }: Watched,
  tool: readonly string[],
  flags: readonly string[],
  way: Way,
  script: string,
): Promise<ProcessResult> {
  const env = { ...stage.env, ...way };
  return await landlockd(box, ["run", ...flags, "--", ...sh(script)], { prefix: tool, env, timeoutMs: 30_000 });
}

asUsers("strace shows the workload, and ends as landlockd does", async (box) => {
  const watched = await prepare(box);
  const { secret } = watched.stage;
  for (const [by, way] of WAYS) {
    for (const [kind, flags] of watched.runs) {
      const trace = box.write("trace", "");
      const strace = ["strace", "-f", "-qq", "-o", trace];
      const read = kind === "brokered" ? watched.stage.listed : secret;
      const exits = await under(watched, strace, flags, way, `cat ${read}; exit 7`);
      expect([by, kind, exits]).toEqual([
        by,
        kind,
        { status: 7, signal: null, stdout: readFileSync(read, "utf8"), stderr: "" },
      ]);
      const lines = readFileSync(trace, "utf8");
      // A supervisor with a broker isn't dumpable, and the workload-to-be shares its memory: others may see addresses only.
      const hidden = kind === "brokered" && by === "Bun" && box.user.uid !== 0;
      const executed = hidden ? "execve(" : 'execve("/bin/sh", ["/bin/sh", "-c", "cat ';
      const shows = [executed, "exit_group(7)"].map((call) => lines.includes(` ${call}`));
      expect([by, kind, ...shows]).toEqual([by, kind, true, true]);
      // By its front alone it needs a fraction of the calls of Bun's start.
      if (kind === "plain") expect(lines.split("\n").length < 500).toBe(by === "the front");
      expect(await under(watched, strace, flags, way, "kill -TERM $$")).toMatchObject({
        signal: "SIGTERM",
        stderr: "",
      });
    }
  }
});

const GDB = ["gdb", "-q", "-nx", "-batch"];

asUsers("gdb starts it and sees it to the workload's end", async (box) => {
  const watched = await prepare(box);
  for (const [by, way] of WAYS) {
    for (const [kind, flags] of watched.runs) {
      const gdb = [...GDB, "-return-child-result", "-ex", "run", "--args"];
      const ended = await under(watched, gdb, flags, way, "echo out; exit 7");
      expect([by, kind, ended.status]).toEqual([by, kind, 7]);
      expect(ended.stdout).toMatch(/^out$/m);
      expect(ended.stdout).toMatch(/\[Inferior 1 \(process \d+\) exited with code 07\]\n/);
    }
  }
});

/** gdb attaches, shows its libraries, and leaves it alone again. */
async function attach(box: Box, pid: number): Promise<ProcessResult> {
  const argv = [...GDB, "-p", String(pid), "-ex", "info sharedlibrary", "-ex", "detach"];
  return await runProcess(box, argv, { timeoutMs: 30_000 });
}

asUsers("gdb attaches to a landlockd that supervises, and leaves it as it was", async (box) => {
  const { stage } = await prepare(box);
  for (const [by, way] of WAYS) {
    box.remove("audit.jsonl");
    const flags = ["--audit", box.path("audit.jsonl")];
    const run = begin(
      { ...stage, policy: stage.lax, env: { ...stage.env, ...way } },
      sh("echo began; read x; exit 5"),
      flags,
      "pipe",
    );
    await until("the workload", () => run.text().match(/began/) ?? undefined);
    const seen = await attach(box, run.pid);
    expect([by, seen.status]).toEqual([by, 0]);
    expect(seen.stdout).toContain(`[Inferior 1 (process ${run.pid}) detached]`);
    // Bun's libraries are found by themselves; landlockd's own is in memory, has no symbols, and gdb says so.
    expect(/libc\.so/.test(seen.stdout)).toBe(by === "Bun");
    if (by === "Bun") expect(seen.stderr).toContain("Could not load shared library symbols for /proc/self/task/");
    run.say("\n");
    expect([by, await run.end()]).toEqual([by, "5"]);
    expect(readEvents(box.path("audit.jsonl")).map(({ event }) => event)).toEqual(["run.start", "run.exit"]);
  }
});

asUsers("only root attaches to one with a broker", async (box) => {
  const { stage } = await prepare(box);
  for (const [by, way] of WAYS) {
    const script = `cat ${stage.listed}; echo began; read x; cat ${stage.listed}; exit 5`;
    const run = begin({ ...stage, env: { ...stage.env, ...way } }, sh(script), [], "pipe");
    await until("the workload", () => run.text().match(/began/) ?? undefined);
    const seen = await attach(box, run.pid);
    const attached = seen.stdout.includes(`[Inferior 1 (process ${run.pid}) detached]`);
    expect([by, attached]).toEqual([by, box.user.uid === 0]);
    if (!attached) expect(seen.stderr).toContain("ptrace: Operation not permitted.");
    run.say("\n");
    expect([by, await run.end(), run.text()]).toEqual([by, "5", "listedbegan\nlisted"]);
  }
});

// Who else may count is the host's to say (perf_event_paranoid).
asRoot("perf counts and samples a run", async (box) => {
  const watched = await prepare(box);
  const faults: number[] = [];
  for (const [by, way] of WAYS) {
    for (const [kind, flags] of watched.runs) {
      const stat = ["perf", "stat", "-x", ",", "-o", box.path("stat"), "-e", "minor-faults", "--"];
      // Its status is perf's: of a plain `sh -c 'exit 7'` it is 0 now and then (Linux 6.1's, 15 of 300).
      const { status: _, ...ended } = await under(watched, stat, flags, way, "echo out; exit 7");
      expect([by, kind, ended]).toEqual([by, kind, { signal: null, stdout: "out\n", stderr: "" }]);
      const count = Number(readFileSync(box.path("stat"), "utf8").match(/^(\d+),,minor-faults,/m)?.[1]);
      expect([by, kind, count > 0]).toEqual([by, kind, true]);
      faults.push(count);
    }
  }
  // The front's three runs, each with fewer than any of Bun's.
  expect(Math.max(...faults.slice(0, 3))).toBeLessThan(Math.min(...faults.slice(3)));
  const record = ["perf", "record", "-q", "-e", "cpu-clock", "-o", box.path("data"), "--"];
  const [, flags = []] = watched.runs[1] ?? [];
  const recorded = await under(watched, record, flags, { LANDLOCKD_NO_FAST_PATH: "1" }, "echo out");
  expect(recorded).toMatchObject({ signal: null, stdout: "out\n" });
  const script = await runProcess(box, ["perf", "script", "-i", box.path("data"), "-F", "comm"]);
  expect(script.stdout).toMatch(/^ *landlockd *$/m);
});

asUsers("/proc tells of it what was given", async (box) => {
  const { stage } = await prepare(box);
  for (const [, way] of WAYS) {
    const env = { ...stage.env, ...way, BUN_OPTIONS: "--smol", OTHER: "x" };
    const flags = ["--audit", box.path("audit.jsonl")];
    const run = begin({ ...stage, policy: stage.lax, env }, sh("echo began; read x"), flags, "pipe");
    await until("the workload", () => run.text().match(/began/) ?? undefined);
    const entries = (name: string): string[] =>
      readFileSync(`/proc/${run.pid}/${name}`, "utf8").split("\0").slice(0, -1);
    const argv = [landlockdPath(), "run", "--policy-file", stage.lax, ...flags, "--", ...sh("echo began; read x")];
    expect(entries("cmdline")).toEqual(argv);
    expect(entries("environ").toSorted()).toEqual(
      Object.entries(env)
        .map((entry) => entry.join("="))
        .toSorted(),
    );
    expect(readFileSync(`/proc/${run.pid}/comm`, "utf8")).toBe("landlockd\n");
    run.say("\n");
    await run.end();
  }
});
