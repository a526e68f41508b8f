/** Mounts: a start with tmpfs, bind and root, and the round trip of a tmpfs that the workload mounts itself. */
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Contestant, measureProcesses, type Rounds } from "./lib/hyperfine.ts";
import { LANDLOCKD } from "./lib/landlockd.ts";
import { describeMachine, versionOf } from "./lib/machine.ts";
import type { Bench, Result, Series } from "./lib/result.ts";
import { rotate } from "./lib/stats.ts";

/** Neither root nor anybody who owns anything: what runs as it needs a user namespace. */
const NOBODY = 61_234;
const BUSYBOX = "/bin/busybox";

interface Stage {
  readonly folder: string;
  readonly policy: string;
  /** The same, and a proc of its own: a PID namespace, whose init landlockd's keeper is. */
  readonly procPolicy: string;
  readonly root: string;
  readonly project: string;
}

function policyOf(root: string, project: string, proc: string): string {
  return `version = 1
[runtime]
root = "${root}"
cwd = "/work"
[mount]
${proc}tmpfs = ["${root}/tmp"]
bind = [{ source = "${project}", target = "${root}/work" }]
[[fs_layer]]
handled_access_fs = ["execute", "read_file", "read_dir", "write_file", "make_reg", "make_dir", "remove_file", "remove_dir"]
rule = [
  { path = "${root}", allowed_access = ["execute", "read_file", "read_dir"] },
  { path = "${root}/tmp", allowed_access = ["write_file", "make_reg", "remove_file"] },
]
`;
}

/** A root with one static program, a project to bind, and the policies for both. */
function makeStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const root = join(folder, "root");
  const project = join(folder, "project");
  for (const path of [
    root,
    project,
    join(folder, "home"),
    ...["bin", "proc", "tmp", "work"].map((name) => join(root, name)),
  ]) {
    mkdirSync(path);
  }
  chmodSync(folder, 0o755);
  chownSync(join(folder, "home"), NOBODY, NOBODY);
  chmodSync(join(folder, "home"), 0o700);
  copyFileSync(BUSYBOX, join(root, "bin/true"));
  const policy = join(folder, "policy.toml");
  const procPolicy = join(folder, "proc.toml");
  writeFileSync(policy, policyOf(root, project, ""));
  writeFileSync(procPolicy, policyOf(root, project, `proc = ["${root}/proc"]\n`));
  return { folder, policy, procPolicy, root, project };
}

function asNobody({ folder }: Stage, argv: readonly string[]): string[] {
  const home = join(folder, "home");
  const environment = ["/usr/bin/env", `HOME=${home}`, `XDG_RUNTIME_DIR=${home}`];
  return [
    "/usr/bin/setpriv",
    `--reuid=${NOBODY}`,
    `--regid=${NOBODY}`,
    "--clear-groups",
    "--",
    ...environment,
    ...argv,
  ];
}

const STORED = "landlockd, from the store";
const BWRAP = "bubblewrap";
const UNPRIVILEGED = ", unprivileged";

function contestants(stage: Stage): Contestant[] {
  const { root, project, policy, procPolicy } = stage;
  const landlockd = [LANDLOCKD, "run", "--policy-file", policy];
  const withProc = [LANDLOCKD, "run", "--policy-file", procPolicy];
  const bwrap = [
    "/usr/bin/bwrap",
    "--bind",
    root,
    "/",
    "--tmpfs",
    "/tmp",
    "--ro-bind",
    project,
    "/work",
    "--chdir",
    "/work",
  ];
  const pairs: [string, string[], string][] = [
    [STORED, [...landlockd, "--", "/bin/true"], "landlockd run --policy-file P -- /bin/true"],
    [
      "landlockd, supervised",
      [...landlockd, "--audit", "/dev/null", "--", "/bin/true"],
      "landlockd run --policy-file P --audit /dev/null -- /bin/true",
    ],
    [BWRAP, [...bwrap, "/bin/true"], "bwrap --bind R / --tmpfs /tmp --ro-bind S /work --chdir /work /bin/true"],
    ["landlockd, own proc", [...withProc, "--", "/bin/true"], "landlockd run --policy-file PROC -- /bin/true"],
    [
      "bubblewrap, own proc",
      [...bwrap, "--unshare-pid", "--proc", "/proc", "/bin/true"],
      "bwrap … --unshare-pid --proc /proc /bin/true",
    ],
  ];
  const plain = pairs.map(([name, argv, command]): Contestant => ({ name, argv, command }));
  if (process.getuid?.() !== 0) return plain;
  const nobody = pairs.map(([name, argv, command]): Contestant => {
    return { name: `${name}${UNPRIVILEGED}`, argv: asNobody(stage, argv), command: `setpriv … env … ${command}` };
  });
  return [...plain, ...nobody];
}

const FULL: Rounds = { rounds: 12, runs: 40, warmup: 3 };
const QUICK: Rounds = { rounds: 2, runs: 5, warmup: 2 };

export const mounts: Bench = {
  name: "mounts",
  run({ quick }): Result {
    const settings = quick ? QUICK : FULL;
    const stage = makeStage();
    try {
      const series = measureProcesses(contestants(stage), settings);
      const hasNobody = series.some(({ name }) => name.endsWith(UNPRIVILEGED));
      const names = hasNobody ? ["", UNPRIVILEGED] : [""];
      return {
        bench: "mounts",
        title: "Whole-process time of /bin/true with a tmpfs, a bind and a root of its own",
        unit: "ms",
        machine: describeMachine(),
        versions: {
          landlockd: versionOf([LANDLOCKD, "--version"]),
          bubblewrap: versionOf(["bwrap", "--version"]),
          hyperfine: versionOf(["hyperfine", "--version"]),
        },
        settings: { ...settings },
        series,
        versus: names.map((who) => ({ title: `÷ ${BWRAP}${who}`, name: `${BWRAP}${who}` })),
        targets: names.map((who) => ({ name: `${STORED}${who}`, versus: `${BWRAP}${who}`, max: 1 })),
      };
    } finally {
      rmSync(stage.folder, { recursive: true });
    }
  },
};

const NATIVE = "native";
const BROKERED = "brokered";

/** One program that mounts and unmounts, in a namespace where it may, and in a sandbox that declares it. */
function cycleArgv(folder: string): { readonly native: string[]; readonly brokered: string[] } {
  const program = join(folder, "mount-cycle");
  const built = Bun.spawnSync(["gcc", "-O2", "-static", "-o", program, resolve("bench/mount-cycle.c")]);
  if (!built.success) throw new Error(`mount-cycle.c doesn't compile: ${built.stderr}`);
  const target = join(folder, "target");
  mkdirSync(target);
  const policy = join(folder, "policy.toml");
  writeFileSync(policy, `version = 1\n[broker]\nmount_tmpfs = ["${target}"]\n`);
  const cycle = [program, target];
  const own = process.getuid?.() === 0 ? [] : ["-Ur"];
  return {
    native: ["unshare", ...own, "-m", ...cycle],
    brokered: [LANDLOCKD, "run", "--policy-file", policy, "--", ...cycle],
  };
}

function measureCycle(argv: readonly string[], count: number): number {
  const child = Bun.spawnSync([...argv, String(count)], { stdin: "ignore", stderr: "pipe" });
  if (!child.success) throw new Error(`${argv.join(" ")}: ${child.stderr}`);
  return Number(child.stdout.toString());
}

export const brokeredMounts: Bench = {
  name: "brokered-mounts",
  run({ quick }): Result {
    const settings = quick ? { rounds: 2, count: 100 } : { rounds: 12, count: 2000 };
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      const { native, brokered } = cycleArgv(folder);
      const values = new Map<string, number[]>([
        [NATIVE, []],
        [BROKERED, []],
      ]);
      for (let round = 0; round < settings.rounds; round++) {
        for (const name of rotate([NATIVE, BROKERED], round)) {
          values.get(name)?.push(measureCycle(name === NATIVE ? native : brokered, settings.count));
        }
      }
      const series = (name: string, command: string): Series => ({ name, command, rounds: values.get(name) ?? [] });
      return {
        bench: "brokered-mounts",
        title: "Round trip of mount(tmpfs) and umount2",
        unit: "µs",
        machine: describeMachine(),
        versions: { landlockd: versionOf([LANDLOCKD, "--version"]) },
        settings,
        series: [
          series(NATIVE, "unshare -m mount-cycle FOLDER COUNT"),
          series(BROKERED, "landlockd run --policy-file P -- mount-cycle FOLDER COUNT"),
        ],
        versus: [{ title: "÷ native", name: NATIVE }],
        targets: [],
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
