/** The daemon: what a run through it costs to start, many at once, what one keeps in memory, and brokered calls. */
import { readFileSync, readlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, resolve } from "node:path";
import { buildCalls } from "./broker-calls.ts";
import { type DaemonStage, directArgv, heldArgv, openDaemonStage } from "./daemon-stage.ts";
import { type Contestant, measureProcesses } from "./lib/hyperfine.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Bench, Result, Series } from "./lib/result.ts";

const TRUE = "/bin/true";
const CALLS = resolve("build/bench/broker-calls");
const versions = (): Result["versions"] => ({ landlockd: versionOf([LANDLOCKD, "--version"]) });

const HELD = "daemon, no broker";
const HELD_ASKED = "daemon, broker that is asked";
const DIRECT_ASKED = "direct, broker that is asked";
const BWRAP = "bubblewrap";

function startContestants(stage: DaemonStage): Contestant[] {
  const { plain, brokered, listed } = stage;
  const asks = ["/bin/cat", listed];
  return [
    { name: "nothing", argv: [TRUE], command: TRUE },
    { name: HELD, argv: heldArgv(stage, plain, [TRUE]), command: "landlockd run --socket S --policy-file plain.toml" },
    {
      name: "daemon, broker",
      argv: heldArgv(stage, brokered, [TRUE]),
      command: "landlockd run --socket S --policy-file brokered.toml",
    },
    {
      name: HELD_ASKED,
      argv: heldArgv(stage, brokered, asks),
      command: "landlockd run --socket S --policy-file brokered.toml -- /bin/cat LISTED",
    },
    { name: "direct, no broker", argv: directArgv(plain, [TRUE]), command: "landlockd run --policy-file plain.toml" },
    {
      name: "direct, broker",
      argv: directArgv(brokered, [TRUE]),
      command: "landlockd run --policy-file brokered.toml",
    },
    {
      name: DIRECT_ASKED,
      argv: directArgv(brokered, asks),
      command: "landlockd run --policy-file brokered.toml -- /bin/cat LISTED",
    },
    { name: BWRAP, argv: ["/usr/bin/bwrap", "--ro-bind", "/", "/", TRUE] },
    { name: "firejail", argv: ["/usr/bin/firejail", "--noprofile", "--quiet", TRUE] },
  ];
}

/** Whole-process time of /bin/true, through a daemon and direct. */
export const daemon: Bench = {
  name: "daemon",
  run({ quick }): Result {
    using stage = openDaemonStage();
    const settings = quick ? { rounds: 2, runs: 5, warmup: 1 } : { rounds: 12, runs: 40, warmup: 3 };
    return {
      bench: "daemon",
      title: "Whole-process time of /bin/true through the daemon",
      unit: "ms",
      machine: describeMachine(),
      versions: {
        ...versions(),
        bubblewrap: versionOf(["bwrap", "--version"]),
        firejail: versionOf(["firejail", "--version"]),
      },
      settings,
      series: measureProcesses(startContestants(stage), settings),
      versus: [
        { title: "÷ bubblewrap", name: BWRAP },
        { title: "÷ direct, asked", name: DIRECT_ASKED },
      ],
      targets: [
        { name: HELD_ASKED, versus: DIRECT_ASKED, max: 0.5 },
        { name: HELD, versus: BWRAP, max: 0.4 },
      ],
    };
  },
};

const CLIENTS = [1, 8, 64] as const;

/** Milliseconds for each run when `clients` shells start them one after the other, all shells at once. */
async function loadOnce(argv: readonly string[], clients: number, total: number): Promise<number> {
  const each = Math.ceil(total / clients);
  const script = `i=0; while [ $i -lt ${each} ]; do "$@" || exit 1; i=$((i + 1)); done`;
  const from = performance.now();
  const shells = Array.from({ length: clients }, () =>
    Bun.spawn(["/bin/sh", "-c", script, "sh", ...argv], { stdin: "ignore" }),
  );
  for (const shell of shells) if ((await shell.exited) !== 0) throw new Error(`a run failed: ${argv.join(" ")}`);
  return (performance.now() - from) / (each * clients);
}

const loadName = (clients: number): string => `${clients} client${clients === 1 ? "" : "s"}`;

/** Time for each run at 1, 8 and 64 clients. */
export const daemonLoad: Bench = {
  name: "daemon-load",
  async run({ quick }): Promise<Result> {
    using stage = openDaemonStage();
    const settings = quick ? { rounds: 1, runs: 64 } : { rounds: 7, runs: 640 };
    const argv = heldArgv(stage, stage.plain, [TRUE]);
    const series: Series[] = [];
    await loadOnce(argv, 1, 16);
    const rounds = CLIENTS.map((): number[] => []);
    for (let round = 0; round < settings.rounds; round++) {
      for (const [index, clients] of CLIENTS.entries())
        rounds[index]?.push(await loadOnce(argv, clients, settings.runs));
    }
    for (const [index, clients] of CLIENTS.entries()) {
      series.push({
        name: loadName(clients),
        command: "landlockd run --socket S -- /bin/true",
        rounds: rounds[index] ?? [],
      });
    }
    const cores = availableParallelism();
    return {
      bench: "daemon-load",
      title: "Time for each of many runs of /bin/true through the daemon",
      unit: "ms",
      machine: describeMachine(),
      versions: versions(),
      settings,
      series,
      versus: [{ title: "÷ 1 client", name: loadName(1) }],
      targets: [{ name: loadName(64), versus: loadName(1), max: 1 / cores }],
    };
  },
};

/** Proportional set size, which divides shared pages among those who share them; MB. Zero for a process that is gone. */
function pssMb(pid: number): number {
  try {
    const found = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"));
    return Number(found?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
    .trim()
    .split(" ")
    .filter((word) => word !== "")
    .map(Number);
}

/** Whether a client has become its workload: nothing of landlockd is left then. */
function isWorkload(pid: number): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === "sleep";
  } catch {
    return false;
  }
}

/** What each of `count` sleeping runs takes beyond its workload: client and keeper if they stay, and the daemon's growth. */
async function memoryOnce(stage: DaemonStage, policy: string, count: number): Promise<number> {
  const before = pssMb(stage.daemonPid);
  const clients = Array.from({ length: count }, () =>
    Bun.spawn(heldArgv(stage, policy, ["/bin/sleep", "1000"]), { stdin: "ignore" }),
  );
  const workloads = (): number =>
    clients.filter(({ pid }) => isWorkload(pid) || childrenOf(pid).flatMap(childrenOf).length > 0).length;
  for (const end = performance.now() + 60_000; workloads() < count; await Bun.sleep(50)) {
    if (performance.now() > end) throw new Error(`only ${workloads()} of ${count} runs started`);
  }
  const staying = clients.flatMap(({ pid }) => (isWorkload(pid) ? [] : [pid, ...childrenOf(pid)]));
  const own = staying.reduce((sum, pid) => sum + pssMb(pid), 0);
  const grown = pssMb(stage.daemonPid) - before;
  for (const client of clients) client.kill("SIGKILL");
  await Promise.all(clients.map(({ exited }) => exited));
  return (own + grown) / count;
}

/** Memory of held runs that sleep. */
export const daemonMemory: Bench = {
  name: "daemon-memory",
  async run({ quick }): Promise<Result> {
    using stage = openDaemonStage();
    const settings = quick ? { rounds: 1, runs: 10 } : { rounds: 5, runs: 200 };
    const [plain, brokered, idle]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < settings.rounds; round++) {
      idle.push(pssMb(stage.daemonPid));
      plain.push(await memoryOnce(stage, stage.plain, settings.runs));
      brokered.push(await memoryOnce(stage, stage.brokered, settings.runs));
    }
    return {
      bench: "daemon-memory",
      title: "Memory of the daemon, and of each held run beyond its workload (PSS)",
      unit: "MB",
      machine: describeMachine(),
      versions: versions(),
      settings,
      series: [
        { name: "the daemon, no runs", command: "landlockd serve --socket S", rounds: idle },
        { name: HELD, command: "landlockd run --socket S -- sleep 1000", rounds: plain },
        { name: "daemon, broker", command: "landlockd run --socket S -- sleep 1000", rounds: brokered },
      ],
      versus: [],
      targets: [],
    };
  },
};

/** Microseconds of a call, as the program itself measures them. */
function callOnce(argv: readonly string[]): number {
  const child = Bun.spawnSync([...argv], { stdin: "ignore", stderr: "pipe" });
  if (!child.success) throw new Error(`${argv.join(" ")}: ${child.stderr.toString().trim()}`);
  return Number(child.stdout.toString()) / 1000;
}

/** Brokered calls through the daemon and direct. */
export const daemonCalls: Bench = {
  name: "daemon-calls",
  run({ quick }): Result {
    buildCalls();
    using stage = openDaemonStage();
    const settings = quick ? { rounds: 2, calls: 2000 } : { rounds: 10, calls: 20_000 };
    const { brokered, listed, scratch } = stage;
    const kinds = [
      ["read", [CALLS, "open", listed, String(settings.calls)]],
      ["create and unlink", [CALLS, "create", `${scratch}/new`, String(settings.calls)]],
    ] as const;
    const contestants = kinds.flatMap(([kind, argv]) => [
      { name: `direct, ${kind}`, argv: directArgv(brokered, argv), rounds: [] as number[] },
      { name: `daemon, ${kind}`, argv: heldArgv(stage, brokered, argv), rounds: [] as number[] },
    ]);
    for (let round = 0; round < settings.rounds; round++) {
      for (const each of contestants) each.rounds.push(callOnce(each.argv));
    }
    return {
      bench: "daemon-calls",
      title: "Brokered calls, through the daemon and direct",
      unit: "µs",
      machine: describeMachine(),
      versions: versions(),
      settings,
      series: contestants.map(({ name, rounds }) => ({ name, command: "landlockd run -- broker-calls", rounds })),
      versus: kinds.map(([kind]) => ({ title: `÷ direct, ${kind}`, name: `direct, ${kind}` })),
      targets: kinds.map(([kind]) => ({ name: `daemon, ${kind}`, versus: `direct, ${kind}`, max: 1.25 })),
    };
  },
};
