/** Starts the real executable. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Box } from "./box.ts";
import { storable, VERSION_ONLY } from "./policies.ts";
import { probePath } from "./probe.ts";
import { argvAs, baseEnv, type ProcessOptions, type ProcessResult, runProcess } from "./process.ts";
import { stage } from "./stage.ts";

export interface AuditEvent {
  readonly component: string;
  readonly event: string;
  readonly timestamp: string;
  readonly run_id: string;
  readonly [field: string]: unknown;
}

export interface RunOptions extends ProcessOptions {
  /** The policy's text, written to `policy.toml` in the box; or null, where `flags` name one. */
  readonly policy: string | Uint8Array | null;
  /** The command and its arguments. */
  readonly argv: readonly string[];
  /** Flags of `landlockd run` in front of `--`. */
  readonly flags?: readonly string[];
  /** Whether to ask for audit events, which makes landlockd stay as a supervisor. */
  readonly audit?: boolean;
  /** A command in front of landlockd that executes it: a shell, a probe that prepares the process. */
  readonly prefix?: readonly string[];
}

export interface RunResult extends ProcessResult {
  /** What `--audit` wrote; empty without `audit`. */
  readonly events: readonly AuditEvent[];
}

/** The executable under test: `LANDLOCKD_BIN`, or what `make` built. */
export function landlockdPath(): string {
  const path = resolve(Bun.env["LANDLOCKD_BIN"] ?? resolve(import.meta.dir, "../../dist/landlockd"));
  if (!existsSync(path)) throw new Error(`${path}: no executable to test; run make first`);
  return stage(path);
}

/** Whether runs are to be the front's: test/run-all.ts. */
const WARM = Bun.env["LANDLOCKD_WARM"] !== undefined;

/** The policy; where runs are to be the front's, one that says nothing is one that lets its plan be kept. */
function policyOf(box: Box, policy: string | Uint8Array): string | Uint8Array {
  return WARM && policy === VERSION_ONLY ? storable(box) : policy;
}

function argvOf(box: Box, options: RunOptions, auditFile: string): string[] {
  const { policy: text } = options;
  const policy = text === null ? [] : ["--policy-file", box.write("policy.toml", policyOf(box, text))];
  const audit = options.audit === true ? ["--audit", box.path(auditFile)] : [];
  const flags = [...policy, ...audit, ...(options.flags ?? [])];
  return [...(options.prefix ?? []), landlockdPath(), "run", ...flags, "--", ...options.argv];
}

/** The command couldn't be executed: nothing is kept of such a run. */
const STATUS_NOT_EXECUTABLE = 126;

/**
 * With `LANDLOCKD_WARM` set, the same flags ran once before, on a command without effects: so the front has a plan for
 * what the test runs, and every test of a run is also one of the fast path. Policies grant the system's programs, or a
 * probe's, which has no effects without arguments.
 */
function warm(box: Box, options: RunOptions): void {
  if (!WARM) return;
  for (const command of ["/bin/true", probePath("fs")]) {
    const { exitCode } = Bun.spawnSync(argvAs(box, argvOf(box, { ...options, argv: [command] }, "warm.jsonl")), {
      env: options.env ?? baseEnv(box),
      cwd: options.cwd ?? box.dir,
      stdio: ["ignore", "ignore", "ignore"],
    });
    if (exitCode !== STATUS_NOT_EXECUTABLE) break;
  }
  box.remove("warm.jsonl");
}

/** The arguments of `landlockd run` for these options; writes the policy. */
export function runArgv(box: Box, options: RunOptions): string[] {
  warm(box, options);
  return argvOf(box, options, "audit.jsonl");
}

/** Where a test's policy lets the box be written, what this file has put there is in the run's reach. */
const REACH = /^landlockd: warning: this run may write (?:its policy|its record|landlockd itself) .*\n/gm;

/** `landlockd run` as the box's user. Warnings of what the harness itself put in reach are left out of its stderr. */
export async function run(box: Box, options: RunOptions): Promise<RunResult> {
  const result = await runProcess(box, runArgv(box, options), options);
  const stderr = result.stderr.replaceAll(REACH, "");
  return { ...result, stderr, events: options.audit === true ? readEvents(box.path("audit.jsonl")) : [] };
}

/** Any other command line of landlockd, behind a command that executes it if `prefix` names one. */
export async function landlockd(
  box: Box,
  argv: readonly string[],
  options: ProcessOptions & Pick<RunOptions, "prefix"> = {},
): Promise<ProcessResult> {
  return await runProcess(box, [...(options.prefix ?? []), landlockdPath(), ...argv], options);
}

/** The events of a file; throws if a line isn't JSON. None if there is no file. */
export function readEvents(file: string): AuditEvent[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}
