/** Builds front-report.ts twice, with and without the front, and starts it. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { link } from "../../tools/link.ts";
import type { Report } from "./front-report.ts";

const project = resolve(import.meta.dir, "../..");

export interface Program extends Disposable {
  readonly dir: string;
  readonly linked: string;
  readonly unlinked: string;
}

export interface Started {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** null if the program didn't come to write one. */
  readonly report: Report | null;
}

function must(argv: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(argv, { cwd: project, stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
}

/** The same flags as the Makefile's: what is read from the working directory depends on them. */
export function buildProgram(): Program {
  const dir = mkdtempSync(join(tmpdir(), "landlockd-front-"));
  chmodSync(dir, 0o755);
  const unlinked = join(dir, "unlinked");
  const flags = [
    "--compile",
    "--bytecode",
    "--format=esm",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
  ];
  must(["make", "-s", "build/front"]);
  must([process.execPath, "build", ...flags, join(import.meta.dir, "front-report.ts"), "--outfile", unlinked]);
  const linked = join(dir, "linked");
  link(unlinked, join(project, "build/front"), linked);
  return { dir, linked, unlinked, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** The environment of a start that names none. */
export const plainEnv: Record<string, string> = { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };

/** Starts `argv`, which executes one of the two programs, in `dir`. */
export function start(program: Program, argv: string[], env: Record<string, string> = {}, cwd?: string): Started {
  const path = join(program.dir, "report.json");
  rmSync(path, { force: true });
  const ended = Bun.spawnSync(argv, {
    cwd: cwd ?? program.dir,
    env: { ...plainEnv, LANDLOCKD_TEST_REPORT: path, ...env },
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
  });
  return {
    status: ended.exitCode,
    signal: ended.signalCode == null ? null : String(ended.signalCode),
    stdout: ended.stdout.toString(),
    stderr: ended.stderr.toString(),
    report: readReport(path),
  };
}

function readReport(path: string): Report | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return null;
  }
}

/** The report of a start that must succeed. */
export function reportOf(started: Started): Report {
  if (started.status !== 0 || started.report === null) {
    throw new Error(`no report: status ${started.status}, signal ${started.signal}: ${started.stderr}`);
  }
  return started.report;
}

/** The start record of a start that must succeed through the front. */
export function recordOf(started: Started): NonNullable<Report["start"]> {
  const { start: record } = reportOf(started);
  if (record === null) throw new Error("no start record");
  return record;
}
