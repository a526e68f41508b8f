/** The broker: what a call costs that it passes on or carries out, and what real work costs under one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildCalls, CALLS } from "./broker-calls.ts";
import { type Contestant, measureProcesses, type Rounds } from "./lib/hyperfine.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Bench, Result, Series } from "./lib/result.ts";
import { rotate } from "./lib/stats.ts";
import { buildPlanOnly } from "./plan-only.ts";

export interface Stage {
  readonly folder: string;
  readonly readable: string;
  readonly listed: string;
  readonly unlisted: string;
  readonly scratch: string;
  readonly lists: string;
  readonly scratchPolicy: string;
  readonly plain: string;
}

const READ = '"execute", "read_file", "read_dir"';
const WRITE = '"write_file", "make_reg", "make_dir", "make_sym", "remove_file", "remove_dir", "truncate"';

/** Everything may be read and executed; the listed file and the scratch folder are the broker's. */
export function makeStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), "bench-broker-"));
  const paths = { listed: join(folder, "listed/file"), unlisted: "/usr/bin/env", scratch: join(folder, "scratch") };
  mkdirSync(join(folder, "listed"));
  mkdirSync(paths.scratch);
  const readable = join(folder, "readable");
  mkdirSync(readable);
  writeFileSync(paths.listed, "listed");
  writeFileSync(join(paths.scratch, "file"), "scratch");
  const system = ["/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/dev", resolve("build/bench"), readable];
  const rules = system.map((path) => `{ path = ${JSON.stringify(path)}, allowed_access = [${READ}], optional = true }`);
  rules.push('{ path = "/dev/null", allowed_access = ["write_file"] }');
  const layer = `[[fs_layer]]\nhandled_access_fs = [${READ}, ${WRITE}]\nrule = [${rules.join(", ")}]\n`;
  const policy = (name: string, rest: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `version = 1\n${layer}${rest}`);
    return path;
  };
  return {
    folder,
    readable,
    ...paths,
    lists: policy("lists.toml", `[broker]\nallow_read = [${JSON.stringify(paths.listed)}]\n`),
    scratchPolicy: policy("scratch.toml", `[broker]\nscratch = [${JSON.stringify(paths.scratch)}]\n`),
    plain: policy("plain.toml", ""),
  };
}

interface Measured {
  readonly name: string;
  readonly argv: readonly string[];
  readonly command: string;
}

const NATIVE = "native open";
const LOOP = "C loop: receive, continue";
const HAND = "C loop: receive, open, hand over";
const PASSED = "passed on, allow_read";
const PASSED_SCRATCH = "passed on, scratch";
const BROKERED = "brokered open, allow_read";
const BROKERED_SCRATCH = "brokered open, scratch";
const CREATE = "native create and unlink";
const CREATE_LOOP = "C loop, create and unlink";
const CREATE_SCRATCH = "brokered create and unlink";

/** Processes of `calls p99` and `calls worst`. */
const CROWD = 8;

/** Eight processes at once: what 99 of 100 calls take at most, and the longest. */
const CROWDS = [
  ["99 %", "p99"],
  ["longest", "worst"],
] as const;

function crowds(stage: Stage, count: number): Measured[] {
  const { listed, unlisted, lists } = stage;
  const held = [LANDLOCKD, "run", "--policy-file", lists, "--", CALLS];
  return CROWDS.flatMap(([name, which]) =>
    (
      [
        [`eight at once, ${name}: C loop`, [CALLS, "loop", CALLS], unlisted, "open, close"],
        [`eight at once, ${name}: passed on`, held, unlisted, "landlockd: open, close"],
        [`eight at once, ${name}: C loop that hands over`, [CALLS, "hand", CALLS], listed, "open, close"],
        [`eight at once, ${name}: brokered`, held, listed, "landlockd: open, close"],
      ] as const
    ).map(([title, before, path, command]) => ({
      name: title,
      argv: [...before, which, "open", path, String(count)],
      command,
    })),
  );
}

function calls(stage: Stage, count: number): Measured[] {
  const { listed, unlisted, scratch, lists, scratchPolicy } = stage;
  const held = (policy: string): string[] => [LANDLOCKD, "run", "--policy-file", policy, "--", CALLS];
  const file = join(scratch, "file");
  const made = join(scratch, "new");
  const each = (name: string, before: readonly string[], how: string, path: string, command: string): Measured => ({
    name,
    argv: [...before, how, path, String(count)],
    command,
  });
  return [
    each(NATIVE, [CALLS], "open", unlisted, "open, close"),
    each(LOOP, [CALLS, "loop", CALLS], "open", unlisted, "open, close"),
    each(HAND, [CALLS, "hand", CALLS], "open", listed, "open, close"),
    each(PASSED, held(lists), "open", unlisted, "landlockd: open, close"),
    each(PASSED_SCRATCH, held(scratchPolicy), "open", unlisted, "landlockd: open, close"),
    each(BROKERED, held(lists), "open", listed, "landlockd: open, close"),
    each(BROKERED_SCRATCH, held(scratchPolicy), "open", file, "landlockd: open, close"),
    each(CREATE, [CALLS], "create", made, "open, close, unlink"),
    each(CREATE_LOOP, [CALLS, "loop", CALLS], "create", made, "open, close, unlink"),
    each(CREATE_SCRATCH, held(scratchPolicy), "create", made, "landlockd: open, close, unlink"),
  ];
}

/** Microseconds of one round of calls, as the program itself measures them. */
function measureOnce({ name, argv }: Measured): number {
  const child = Bun.spawnSync([...argv], { stdin: "ignore", stderr: "pipe" });
  if (!child.success) throw new Error(`${name}: ${child.stderr.toString().trim()}`);
  return Number(child.stdout.toString()) / 1000;
}

function measureCalls(contestants: readonly Measured[], rounds: number): Series[] {
  const values = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const each of rotate(contestants, round)) values.get(each.name)?.push(measureOnce(each));
  }
  return contestants.map(({ name, command }) => ({ name, command, rounds: values.get(name) ?? [] }));
}

export const broker: Bench = {
  name: "broker",
  run({ quick }): Result {
    buildCalls();
    const stage = makeStage();
    const settings = quick ? { rounds: 2, calls: 2000 } : { rounds: 10, calls: 20_000 };
    try {
      return {
        bench: "broker",
        title: "System calls under a broker",
        unit: "µs",
        machine: describeMachine(),
        versions: { landlockd: versionOf([LANDLOCKD, "--version"]) },
        settings,
        series: measureCalls(
          [...calls(stage, settings.calls), ...crowds(stage, settings.calls / CROWD)],
          settings.rounds,
        ),
        versus: [
          { title: "÷ native open", name: NATIVE },
          { title: "÷ C loop", name: LOOP },
          { title: "÷ C loop, hand over", name: HAND },
          { title: "÷ C loop, create", name: CREATE_LOOP },
        ],
        targets: [
          { name: PASSED, versus: LOOP, max: 1.5 },
          { name: PASSED_SCRATCH, versus: LOOP, max: 1.5 },
          { name: BROKERED, versus: LOOP, max: 3 },
        ],
      };
    } finally {
      rmSync(stage.folder, { recursive: true, force: true });
    }
  },
};

const IMPORTS = "import json, ssl, pathlib, asyncio, http.client";

/** Nobody's configuration, and no lock for refreshing the index. */
const GIT_ENVIRONMENT = ["HOME=/proc", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_OPTIONAL_LOCKS=0"];

/** A repository of some hundred files, in the folder that the policies let be read. */
function makeRepository({ readable }: Stage): string {
  for (let index = 0; index < 300; index++) writeFileSync(join(readable, `file${index}`), `${index}\n`);
  const commit = "git init -q . && git add . && git -c user.name=b -c user.email=b@example.invalid commit -qm all";
  const made = Bun.spawnSync(["/bin/sh", "-c", commit], { cwd: readable, stderr: "pipe" });
  if (!made.success) throw new Error(`git: ${made.stderr}`);
  return readable;
}

const COMPILE = [
  "/usr/bin/gcc",
  "-fsyntax-only",
  "-x",
  "c",
  "-include",
  "stdio.h",
  "-include",
  "stdlib.h",
  "/dev/null",
];
const JOBS = ["sh -c true", "python3 imports", "git status", "C compile"] as const;

function jobArgv(job: (typeof JOBS)[number], stage: Stage): readonly string[] {
  switch (job) {
    case "sh -c true":
      return ["/bin/sh", "-c", "true"];
    case "python3 imports":
      return ["/usr/bin/python3", "-I", "-B", "-c", IMPORTS];
    case "git status":
      return ["/usr/bin/env", ...GIT_ENVIRONMENT, "/usr/bin/git", "-C", makeRepository(stage), "status", "-s"];
    case "C compile":
      return COMPILE;
  }
}

function work(stage: Stage): Contestant[] {
  const held = (policy: string): string[] => [LANDLOCKD, "run", "--policy-file", policy, "--"];
  const planOnly = buildPlanOnly("plan-only-work", ["--policy-file", stage.plain]);
  const ways = [
    ["bare", [], ""],
    ["no broker", held(stage.plain), "landlockd run … -- "],
    ["the plan alone", [planOnly], "plan-only "],
    ["allow_read", held(stage.lists), "landlockd run … -- "],
    ["scratch", held(stage.scratchPolicy), "landlockd run … -- "],
    ["bubblewrap", ["/usr/bin/bwrap", "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--"], "bwrap … -- "],
  ] as const;
  return JOBS.flatMap((job) => {
    const argv = jobArgv(job, stage);
    return ways.map(([name, before, shown]) => ({
      name: `${job}, ${name}`,
      argv: [...before, ...argv],
      command: `${shown}${job}`,
    }));
  });
}

export const brokeredWork: Bench = {
  name: "broker-work",
  run({ quick }): Result {
    const settings: Rounds = quick ? { rounds: 1, runs: 3, warmup: 1 } : { rounds: 6, runs: 10, warmup: 1 };
    const stage = makeStage();
    try {
      return {
        bench: "broker-work",
        title: "Real work: bare, held, held with a broker, and under bubblewrap",
        unit: "ms",
        machine: describeMachine(),
        versions: { landlockd: versionOf([LANDLOCKD, "--version"]), hyperfine: versionOf(["hyperfine", "--version"]) },
        settings: { ...settings },
        series: measureProcesses(work(stage), settings),
        versus: JOBS.map((job) => ({ title: `÷ ${job}`, name: `${job}, bare` })),
        targets: JOBS.map((job) => ({ name: `${job}, no broker`, versus: `${job}, bare`, max: 1.05 })),
      };
    } finally {
      rmSync(stage.folder, { recursive: true, force: true });
    }
  },
};
