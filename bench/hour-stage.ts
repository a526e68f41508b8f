/** The hour's stage: a daemon, a run that it holds and one that holds itself, both at work all the time, and short runs beside. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LANDLOCKD } from "./lib/landlockd.ts";

const READ = '"execute", "read_file", "read_dir"';
const WRITE =
  '"write_file", "truncate", "make_reg", "make_dir", "make_sym", "make_fifo", "remove_file", "remove_dir", "refer"';
const SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/etc"] as const;
const START_TIMEOUT_MS = 10_000;

/** What one turn of a run's work does, and how often it pauses: every kind of request that a broker answers. */
const WORK = `set -eu
turn=0
while [ ! -e "$SCRATCH/stop" ]; do
  read -r word <"$LISTED"
  ( : <"$CLOSED" ) 2>/dev/null && exit 3
  cd "$SCRATCH"
  mkdir d; echo "$word $turn" >d/f; ln d/f d/g; ln -s f d/l; mv d/g d/h; mkfifo d/p
  cat d/l >/dev/null; rm d/p d/l d/h; mv d/f "$EXPORT/f"; rmdir d
  turn=$((turn + 1)); echo "$turn" >turns
  sleep 0.5
done`;

/** What one process of landlockd's has. */
export interface Held {
  /** Anonymous and shared memory, resident: what can leak. The executable's own pages come and go with the page cache. */
  readonly megabytes: number;
  readonly descriptors: number;
}

/** A run at work, or the daemon. */
export interface Holder {
  readonly name: string;
  readonly command: string;
  readonly pid: number;
}

export interface HourStage extends AsyncDisposable {
  readonly holders: readonly Holder[];
  /** A short run; its exit status, or the signal's name. */
  shortRun(number: number): Promise<number | string>;
  /** Turns of work that the two long runs have done. */
  turns(): number;
  /** The long runs end, and with what status. */
  finish(): Promise<readonly number[]>;
}

function lists(folder: string, name: string): string {
  const own = (word: string): string => join(folder, name, word);
  for (const each of ["", "scratch", "export"]) mkdirSync(own(each));
  writeFileSync(own("listed"), "word\n");
  return `[broker]\nallow_read = ["${own("listed")}"]\nscratch = ["${own("scratch")}"]\nexport = ["${own("export")}"]\n`;
}

function writePolicies(folder: string): void {
  const rules = SYSTEM.map((path) => `{ path = "${path}", allowed_access = [${READ}], optional = true }`);
  rules.push('{ path = "/dev/null", allowed_access = ["read_file", "write_file"] }');
  const layer = `version = 1\n[[fs_layer]]\nhandled_access_fs = [${READ}, ${WRITE}]\nrule = [${rules.join(", ")}]\n`;
  writeFileSync(join(folder, "plain.toml"), layer);
  for (const name of ["held", "direct", "short"])
    writeFileSync(join(folder, `${name}.toml`), layer + lists(folder, name));
}

function environment(folder: string, name: string): Record<string, string> {
  const own = (word: string): string => join(folder, name, word);
  return {
    PATH: "/usr/bin:/bin",
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, "runtime"),
    LISTED: own("listed"),
    CLOSED: join(folder, "plain.toml"),
    SCRATCH: own("scratch"),
    EXPORT: own("export"),
  };
}

/** A short run's ways: in turn. Each does something else, and one in eight is killed at its work. */
function shortArgv(folder: string, socket: string, number: number): string[] {
  const held = number % 2 === 0 ? ["--socket", socket] : [];
  const audit = number % 4 < 2 ? [] : ["--audit", join(folder, "short.jsonl")];
  const policy = (name: string): string[] => [
    "run",
    ...held,
    ...audit,
    "--policy-file",
    join(folder, `${name}.toml`),
    "--",
  ];
  const script = 'cat "$LISTED" >"$SCRATCH/f" && rm "$SCRATCH/f"';
  if (number % 8 === 7) return [LANDLOCKD, ...policy("short"), "/bin/sleep", "1000"];
  return number % 3 === 0
    ? [LANDLOCKD, ...policy("plain"), "/bin/true"]
    : [LANDLOCKD, ...policy("short"), "/bin/sh", "-c", script];
}

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = performance.now() + START_TIMEOUT_MS; !is(); await Bun.sleep(20)) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
  }
}

const turnsOf = (folder: string, name: string): number => {
  const file = join(folder, name, "scratch/turns");
  return existsSync(file) ? Number(readFileSync(file, "latin1")) : 0;
};

/** @throws Error where the daemon or a long run doesn't start */
export async function openHourStage(): Promise<HourStage> {
  const folder = mkdtempSync(join(tmpdir(), "bench-hour-"));
  const socket = join(folder, "runtime/socket");
  mkdirSync(join(folder, "runtime"), { mode: 0o700 });
  writePolicies(folder);
  const spawn = (name: string, argv: readonly string[]): Bun.Subprocess =>
    Bun.spawn([...argv], { env: environment(folder, name), stdio: ["ignore", "ignore", "inherit"] });
  const daemon = spawn("held", [LANDLOCKD, "serve", "--socket", socket]);
  await until("the daemon", () => existsSync(socket));
  const long = (name: string, words: readonly string[]): Bun.Subprocess =>
    spawn(name, [
      LANDLOCKD,
      "run",
      ...words,
      "--policy-file",
      join(folder, `${name}.toml`),
      "--",
      "/bin/sh",
      "-c",
      WORK,
    ]);
  const runs = { held: long("held", ["--socket", socket]), direct: long("direct", []) };
  await until("the long runs", () => turnsOf(folder, "held") > 0 && turnsOf(folder, "direct") > 0);
  return {
    holders: [
      { name: "the daemon", command: "landlockd serve --socket S", pid: daemon.pid },
      { name: "its client", command: "landlockd run --socket S … -- sh", pid: runs.held.pid },
      { name: "a run of its own", command: "landlockd run … -- sh", pid: runs.direct.pid },
    ],
    async shortRun(number) {
      const child = spawn("short", shortArgv(folder, socket, number));
      if (number % 8 !== 7) return await child.exited;
      await Bun.sleep(100);
      child.kill("SIGKILL");
      await child.exited;
      return child.signalCode ?? "not killed";
    },
    turns: () => turnsOf(folder, "held") + turnsOf(folder, "direct"),
    async finish() {
      for (const name of ["held", "direct"]) writeFileSync(join(folder, name, "scratch/stop"), "");
      return await Promise.all([runs.held.exited, runs.direct.exited]);
    },
    async [Symbol.asyncDispose]() {
      for (const child of [runs.held, runs.direct, daemon]) child.kill("SIGKILL");
      await Promise.all([runs.held.exited, runs.direct.exited, daemon.exited]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A workload's processes come and go: one that is gone has no children. */
function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}

function descendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(descendants)];
}

function lookAt(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  return {
    megabytes: (kilobytes("RssAnon") + kilobytes("RssShmem")) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** What the holder and those of its children that are landlockd have together. A process that ends meanwhile has nothing. */
export function heldBy(holder: Holder): Held {
  let held: Held = { megabytes: 0, descriptors: 0 };
  for (const pid of descendants(holder.pid)) {
    try {
      if (readlinkSync(`/proc/${pid}/exe`) !== LANDLOCKD) continue;
      const one = lookAt(pid);
      held = { megabytes: held.megabytes + one.megabytes, descriptors: held.descriptors + one.descriptors };
    } catch (cause) {
      if (pid === holder.pid) throw cause;
    }
  }
  return held;
}
