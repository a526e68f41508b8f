/** Plan files for tests: compiled by the real executable, changed at will, run with Bun and without. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { ANY_UID, HEADER, PLAN_FILE } from "../../src/plan/layout.ts";
import type { Box } from "../harness/box.ts";
import { landlockd } from "../harness/landlockd.ts";
import { insideOnly, RUNNABLE } from "../harness/policies.ts";
import { baseEnv, type ProcessResult } from "../harness/process.ts";

const SYSTEM = ["/usr", "/bin", "/lib", "/lib64", "/etc"].map((path) => ({ path, rights: RUNNABLE, optional: true }));

/** Bun needs more address space than this before its first line; the front needs next to none. */
export const TOO_LITTLE_FOR_BUN: readonly string[] = ["/usr/bin/prlimit", "--as=300000000", "--core=0"];

/** Programs run, `inside` is all the workload's, and `outside` only its with `outside`. */
export function strictPolicy(box: Box, outside = false): string {
  const more = outside ? [{ path: box.path("outside"), rights: ["read_file"] }] : [];
  return insideOnly(box, [], [...SYSTEM, ...more]);
}

/** `landlockd compile` of a policy's text, to `name`. */
export async function tryCompile(
  box: Box,
  policy: string,
  flags: readonly string[] = [],
  name = "p.plan",
): Promise<ProcessResult> {
  const file = box.write(`${name}.toml`, policy);
  return await landlockd(box, ["compile", "--policy-file", file, ...flags, "-o", box.path(name)]);
}

/** As `tryCompile`, which must succeed without a word. The plan's path. */
export async function compiled(
  box: Box,
  policy: string,
  flags: readonly string[] = [],
  name = "p.plan",
): Promise<string> {
  const result = await tryCompile(box, policy, flags, name);
  expect(result).toEqual({ status: 0, signal: null, stdout: "", stderr: "" });
  return box.path(name);
}

export interface PlanRun {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function runPlan(
  box: Box,
  plan: string,
  argv: readonly string[],
  options: PlanRun,
  prefix: readonly string[],
): Promise<ProcessResult> {
  const flags = ["run", "--plan", plan, ...(options.flags ?? []), "--", ...argv];
  return await landlockd(box, flags, { prefix, env: { ...baseEnv(box), ...options.env } });
}

/** By the front: Bun couldn't start. */
export function runFront(
  box: Box,
  plan: string,
  argv: readonly string[],
  options: PlanRun = {},
): Promise<ProcessResult> {
  return runPlan(box, plan, argv, options, TOO_LITTLE_FOR_BUN);
}

/** By Bun, whatever the front could do. */
export function runBun(box: Box, plan: string, argv: readonly string[], options: PlanRun = {}): Promise<ProcessResult> {
  return runPlan(box, plan, argv, { ...options, env: { ...options.env, LANDLOCKD_NO_FAST_PATH: "1" } }, []);
}

/** A run that the front serves, and the same by Bun, which must be equal. */
export async function runBoth(
  box: Box,
  plan: string,
  argv: readonly string[],
  options: PlanRun = {},
): Promise<ProcessResult> {
  const front = await runFront(box, plan, argv, options);
  expect(await runBun(box, plan, argv, options)).toEqual(front);
  return front;
}

/** Refused with one line and perhaps a hint, however it is started, and nothing ran. The line, without the plan's path. */
export async function refusal(box: Box, plan: string, options: PlanRun = {}): Promise<string> {
  const mark = box.path("inside/ran");
  const argv = ["/usr/bin/touch", mark];
  const result = await runPlan(box, plan, argv, options, []);
  expect(await runBun(box, plan, argv, options)).toEqual(result);
  expect([result.status, result.stdout]).toEqual([125, ""]);
  expect(result.stderr).toMatch(/^landlockd: [^\n]+\n( {2}hint: [^\n]+\n)?$/);
  expect(await Bun.file(mark).exists()).toBe(false);
  return (result.stderr.split("\n")[0] ?? "").replace("landlockd: ", "").replace(`${plan}: `, "");
}

/** A plan file with fields of its head changed, under a checksum that is right again. */
export function forge(plan: string, change: (file: Buffer, view: DataView) => void): Buffer {
  const bytes = Buffer.from(readFileSync(plan));
  change(bytes, new DataView(bytes.buffer, bytes.byteOffset));
  return reseal(bytes);
}

function reseal(bytes: Buffer): Buffer {
  const at = PLAN_FILE.fields.checksum.offset;
  const sum = new Bun.CryptoHasher("sha256").update(bytes.subarray(0, at)).update(bytes.subarray(PLAN_FILE.sizeBytes));
  Buffer.from(sum.digest()).copy(bytes, at);
  return bytes;
}

/** Another plan behind the head of a plan file. */
export function withPlan(file: string, plan: Uint8Array): Buffer {
  const bytes = Buffer.concat([readFileSync(file).subarray(0, PLAN_FILE.sizeBytes), plan]);
  bytes.writeUInt32LE(plan.byteLength, PLAN_FILE.fields.plan_size.offset);
  return reseal(bytes);
}

export function headField(name: "uid" | "abi" | "needed_abi" | "missing_scopes" | "reserved" | "plan_size"): number {
  return PLAN_FILE.fields[name].offset;
}

export const NO_UID: number = ANY_UID;
/** Where the layout's digest stands in a plan file. */
export const LAYOUT_AT: number = PLAN_FILE.sizeBytes + HEADER.fields.digest.offset;
