/** A client's request for a run, read from its frame. Pure. */

import type { VariableContext } from "../policy/variables.ts";
import { bytesOf, encodeFrame, type Frame, numberOf, textOf, textsOf } from "./frame.ts";

/** Bits of the `flags` field, by kind of frame. */
export const HELLO_NAMED_ONLY = 1;
export const RUN_BEST_EFFORT = 1;
export const RUN_AUDIT = 2;
export const PLAN_BROKERED = 1;
export const STOP_NOW = 1;

export interface RunRequest {
  /** As messages and events name the policy. */
  readonly policyFile: string;
  readonly policyDir: string | undefined;
  /** Its name, where it was chosen by name. */
  readonly policyName: string | undefined;
  readonly variables: VariableContext;
  readonly bestEffort: boolean;
  /** Whether the client wants audit events of the broker. */
  readonly audit: boolean;
  readonly jobId: string | undefined;
  readonly argc: number;
}

const SETTING = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/;

/** The request in a frame, or what is wrong with it. */
export function readRunRequest(frame: Frame): RunRequest | string {
  try {
    const policyFile = textOf(frame, "policy_file");
    const uid = numberOf(frame, "uid");
    const argc = numberOf(frame, "argc");
    const flags = numberOf(frame, "flags") ?? 0;
    if (policyFile === undefined || uid === undefined || argc === undefined) return "a field is missing";
    if ((flags & ~(RUN_BEST_EFFORT | RUN_AUDIT)) !== 0) return "unknown flags";
    const set = new Map<string, string>();
    for (const setting of textsOf(frame, "set")) {
      const [, name, value] = SETTING.exec(setting) ?? [];
      if (name === undefined || value === undefined || set.has(name))
        return "a setting is not NAME=VALUE, or given twice";
      set.set(name, value);
    }
    const env = { HOME: textOf(frame, "home"), TMPDIR: textOf(frame, "tmpdir") };
    return {
      policyFile,
      policyDir: textOf(frame, "policy_dir"),
      policyName: textOf(frame, "policy_name"),
      variables: { cwd: textOf(frame, "cwd"), env, uid, set },
      bestEffort: (flags & RUN_BEST_EFFORT) !== 0,
      audit: (flags & RUN_AUDIT) !== 0,
      jobId: textOf(frame, "job_id"),
      argc,
    };
  } catch {
    return "a text is not UTF-8";
  }
}

export function writeRunRequest(request: RunRequest): Uint8Array {
  const { variables } = request;
  return encodeFrame("run", [
    ["flags", (request.bestEffort ? RUN_BEST_EFFORT : 0) | (request.audit ? RUN_AUDIT : 0)],
    ["policy_file", request.policyFile],
    ["policy_dir", request.policyDir],
    ["policy_name", request.policyName],
    ["cwd", variables.cwd],
    ["home", variables.env["HOME"]],
    ["tmpdir", variables.env["TMPDIR"]],
    ["uid", variables.uid],
    ...[...variables.set].map(([name, value]) => ["set", `${name}=${value}`] as const),
    ["job_id", request.jobId],
    ["argc", request.argc],
  ]);
}

/** What a run tells of itself in the register: for events, and to be believed. */
export interface Entry {
  readonly policyFile: string;
  readonly jobId: string | undefined;
  readonly argc: number;
  /** The name of its plan, and what proves that the user's own key is known: 32 bytes each. */
  readonly key: Uint8Array;
  readonly mac: Uint8Array;
}

const DIGEST_BYTES = 32;

/** The entry in a frame; undefined where it has none. */
export function readEntry(frame: Frame): Entry | undefined {
  try {
    const policyFile = textOf(frame, "policy_file");
    const argc = numberOf(frame, "argc");
    const [key, mac] = [bytesOf(frame, "key"), bytesOf(frame, "mac")];
    if (frame.kind !== "becomes" || policyFile === undefined || argc === undefined) return undefined;
    if (key?.length !== DIGEST_BYTES || mac?.length !== DIGEST_BYTES) return undefined;
    return { policyFile, jobId: textOf(frame, "job_id"), argc, key, mac };
  } catch {
    return undefined;
  }
}

/** How a workload ended, or that it couldn't be started: a wait status, or an errno. */
export function readEnd(frame: Frame): { readonly status: number } | { readonly errno: number } | undefined {
  const status = numberOf(frame, "status");
  const errno = numberOf(frame, "errno");
  if (status !== undefined && errno === undefined) return { status };
  return errno !== undefined && status === undefined ? { errno } : undefined;
}

/** The digest in a hello, as hexadecimal. */
export function layoutOf(frame: Frame): string {
  return Buffer.from(bytesOf(frame, "layout") ?? []).toString("hex");
}
