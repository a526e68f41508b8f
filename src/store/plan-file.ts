/**
 * Plan files: a compiled plan that a person names, with what it takes to say why it can't be run (docs/plan-store.md).
 * csrc/front/plan_file.c reads the same bytes.
 */

import { UsageError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import type { Host } from "../kernel/host.ts";
import { rightsMask, SCOPES } from "../kernel/landlock.ts";
import { decodePlan, PlanFormatError } from "../plan/decode.ts";
import { encodePlan } from "../plan/encode.ts";
import { ANY_UID, PLAN_FILE, PLAN_FILE_MAGIC, VERSION_BYTES } from "../plan/layout.ts";
import { hasListener, neededAbi } from "../plan/needs.ts";
import type { Plan, PlanOp } from "../plan/plan.ts";
import { getField, getField64, setFields } from "../plan/struct.ts";
import { readRegularFile } from "../policy/file.ts";
import { BUILT_IN } from "../policy/load.ts";
import type { Policy } from "../policy/policy.ts";
import { PLAN_BYTES_MAX } from "./evict.ts";

const CHECKSUM_AT = PLAN_FILE.fields.checksum.offset;
const DIGEST_BYTES = 32;
const AGAIN = "compile it anew: landlockd compile";

/** What a plan file is made from. */
export interface PlanFileSource {
  readonly plan: Plan;
  readonly policy: Policy;
  /** The policy's text. */
  readonly text: Uint8Array;
  readonly host: Host;
  /** The user whose number the plan has from `${UID}`; undefined where the policy doesn't use it. */
  readonly uid: number | undefined;
  /** From the start record. */
  readonly build: Uint8Array;
}

/** What a plan file says of itself. */
export interface PlanFile {
  /** Its path, as messages and events name it. */
  readonly file: string;
  readonly plan: Plan;
  /** As in PlanFileSource. */
  readonly uid: number | undefined;
  /** Landlock ABI of the host that it was compiled for, and the least that it needs. */
  readonly abi: number;
  readonly neededAbi: number;
  /** Bits of the scopes that a run of the policy would have, and that host had not. */
  readonly missingScopes: number;
  /** `--version` of the landlockd that compiled it. */
  readonly version: string;
  /** SHA-256 of the policy's text, hexadecimal. */
  readonly policySha256: string;
}

/** The scopes that every run of a policy gets where the kernel has them. */
function missingScopes(policy: Policy, abi: number): number {
  const open = new Set<string>(policy.scope?.allow ?? []);
  const missing = SCOPES.filter((scope) => scope.abi > abi && !open.has(scope.name));
  return rightsMask(
    SCOPES,
    missing.map(({ name }) => name),
  );
}

function checksum(bytes: Uint8Array): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha256");
  return hasher.update(bytes.subarray(0, CHECKSUM_AT)).update(bytes.subarray(PLAN_FILE.sizeBytes)).digest();
}

/** The file's bytes; undefined for a plan that is too large for one. */
export function encodePlanFile({ plan, policy, text, host, uid, build }: PlanFileSource): Uint8Array | undefined {
  const encoded = encodePlan(plan);
  const bytes = new Uint8Array(PLAN_FILE.sizeBytes + encoded.byteLength);
  if (bytes.byteLength > PLAN_BYTES_MAX) return undefined;
  setFields(new DataView(bytes.buffer), PLAN_FILE, 0, {
    magic: PLAN_FILE_MAGIC,
    plan_size: encoded.byteLength,
    uid: uid ?? ANY_UID,
    abi: host.landlock.abi,
    needed_abi: neededAbi(plan),
    missing_scopes: missingScopes(policy, host.landlock.abi),
    reserved: 0,
  });
  const { fields } = PLAN_FILE;
  bytes.set(Buffer.from(VERSION).subarray(0, VERSION_BYTES - 1), fields.version.offset);
  bytes.set(build, fields.build.offset);
  bytes.set(new Bun.CryptoHasher("sha256").update(text).digest(), fields.policy.offset);
  bytes.set(encoded, PLAN_FILE.sizeBytes);
  bytes.set(checksum(bytes), CHECKSUM_AT);
  return bytes;
}

function piece(bytes: Uint8Array, name: "version" | "build" | "policy" | "checksum"): Uint8Array {
  const { offset, count } = PLAN_FILE.fields[name];
  return bytes.subarray(offset, offset + 4 * count);
}

/** What is wrong with the file itself: not one, cut off, too long, or changed since it was written. */
function damage(bytes: Uint8Array, view: DataView): string | undefined {
  if (bytes.byteLength < PLAN_FILE.sizeBytes || getField64(view, PLAN_FILE, 0, "magic") !== PLAN_FILE_MAGIC) {
    return "this is not a plan file";
  }
  const size = PLAN_FILE.sizeBytes + getField(view, PLAN_FILE, 0, "plan_size");
  if (bytes.byteLength < size) return `the plan file is cut short: it has ${bytes.byteLength} of ${size} bytes`;
  if (bytes.byteLength > size) return `the plan file is too long: it has ${bytes.byteLength} bytes instead of ${size}`;
  const intact = checksum(bytes).every((byte, at) => byte === bytes[CHECKSUM_AT + at]);
  if (!intact || getField(view, PLAN_FILE, 0, "reserved") !== 0) {
    return "the plan file is damaged: its checksum is of other bytes";
  }
  return undefined;
}

/** A plan has the protections of the landlockd that compiled it: another one's may be fewer. */
function foreign(bytes: Uint8Array, build: Uint8Array): string | undefined {
  if (piece(bytes, "build").every((byte, at) => byte === build[at])) return undefined;
  const version = versionOf(bytes);
  return version === VERSION
    ? `compiled by another build of landlockd ${VERSION} than this one`
    : `compiled by landlockd ${version}, and this is landlockd ${VERSION}`;
}

/** As it may be shown: the file is somebody's text. */
function versionOf(bytes: Uint8Array): string {
  const text = Buffer.from(piece(bytes, "version")).toString("latin1");
  return text.replace(/\0.*$/s, "").replace(/[^ -~]/g, "?");
}

/** The whole plan, with keys by which its operations are told apart. @throws UsageError for one that nobody compiled. */
function planOf(file: string, bytes: Uint8Array): Plan {
  let plan: Plan | undefined;
  try {
    plan = decodePlan(bytes);
  } catch (error) {
    if (!(error instanceof PlanFormatError)) throw error;
    throw new UsageError(`${file}: the plan in this file can't be used: ${error.message}`, AGAIN);
  }
  if (Buffer.compare(encodePlan(plan), bytes) !== 0) {
    throw new UsageError(`${file}: the plan in this file isn't one that landlockd compiles`, AGAIN);
  }
  if (hasListener(plan) || plan.ops.some(({ kind }) => kind === "listed" || kind.startsWith("allow_"))) {
    throw new UsageError(`${file}: the plan in this file needs a broker, and a plan file holds none`);
  }
  return { ...plan, ops: plan.ops.map((op, index): PlanOp => ({ ...op, key: ["plan", index] })) };
}

/**
 * Reads a plan file that this very landlockd compiled. Whether this host is one for it: `misfit`.
 * @throws UsageError for anything else, as `readRegularFile` too.
 */
export function readPlanFile(path: string, build: Uint8Array | undefined): PlanFile {
  return decodePlanFile(path, readRegularFile(path, { noun: "plan", bytesMax: PLAN_BYTES_MAX }), build);
}

/** As `readPlanFile`, of bytes. @throws UsageError */
export function decodePlanFile(path: string, bytes: Uint8Array, build: Uint8Array | undefined): PlanFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = damage(bytes, view);
  if (damaged !== undefined) throw new UsageError(`${path}: ${damaged}`);
  if (build?.length !== DIGEST_BYTES) throw new UsageError(WITHOUT_FRONT);
  const strange = foreign(bytes, build);
  if (strange !== undefined) throw new UsageError(`${path}: ${strange}`, AGAIN);
  const uid = getField(view, PLAN_FILE, 0, "uid");
  return {
    // Events and messages mustn't take it for a policy of landlockd's own.
    file: path.startsWith(BUILT_IN) ? `./${path}` : path,
    plan: planOf(path, bytes.slice(PLAN_FILE.sizeBytes)),
    uid: uid === ANY_UID ? undefined : uid,
    abi: getField(view, PLAN_FILE, 0, "abi"),
    neededAbi: getField(view, PLAN_FILE, 0, "needed_abi"),
    missingScopes: getField(view, PLAN_FILE, 0, "missing_scopes"),
    version: versionOf(bytes),
    policySha256: piece(bytes, "policy").toHex(),
  };
}

/** An executable that isn't linked has no digest to bind plans to. */
export const WITHOUT_FRONT =
  "plan files belong to one build of landlockd, and this executable was built without its front";
