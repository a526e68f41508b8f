/** The end of a plain run in one call: the TypeScript side of csrc/run/finish.h. */

import { PATH_MAX } from "../kernel/file.ts";
import { MESSAGE } from "../plan/layout.ts";
import { type Failure, failureIn } from "./become.ts";
import { addressOf, native } from "./library.ts";
import { cString } from "./syscall.ts";

/** Where plans and the key that authenticates them are, or would be. */
export interface StorePaths {
  readonly plans: string;
  readonly key: string;
}

/** Undefined where there is no front, no place for them, or a path that isn't plain ASCII. */
export function storePaths(): StorePaths | undefined {
  const bytes = new Uint8Array(2 * PATH_MAX);
  const size = native().ll_store_paths(addressOf(bytes), bytes.length);
  if (size === 0) return undefined;
  // Plain ASCII.
  const text = String.fromCharCode(...bytes.subarray(0, size));
  const end = text.indexOf("\0");
  return { plans: text.slice(0, end), key: text.slice(end + 1, -1) };
}

/** What a plan was compiled from, besides the command line and the environment. */
export interface PlainOrigin {
  /** The policy's text; empty for the one that is built in under its name. */
  readonly policy: Uint8Array;
  readonly cwd: string | undefined;
  readonly policyDir: string | undefined;
}

function addressOrNull(bytes: Uint8Array | undefined): bigint {
  return bytes === undefined || bytes.length === 0 ? 0n : BigInt(addressOf(bytes));
}

/**
 * Keeps the plan, if told of what, and becomes the workload: returns only without success. Undefined where the long way
 * has to be gone: nothing has changed then. A failure as of `become`: by then this process may be restricted.
 */
export function finish(plan: Uint8Array, origin: PlainOrigin | undefined): Failure | undefined {
  const failure = new Uint8Array(MESSAGE.sizeBytes);
  // Named, so that they live as long as the call.
  const cwd = origin?.cwd === undefined ? undefined : cString(origin.cwd);
  const folder = origin?.policyDir === undefined ? undefined : cString(origin.policyDir);
  const policy = origin?.policy;
  const record = new BigUint64Array([
    addressOrNull(policy),
    BigInt(policy?.length ?? 0),
    addressOrNull(cwd),
    addressOrNull(folder),
  ]);
  const result = native().ll_finish(
    addressOf(plan),
    plan.byteLength,
    origin === undefined ? null : addressOf(record),
    addressOf(failure),
  );
  return result === 0 ? undefined : failureIn(failure);
}
