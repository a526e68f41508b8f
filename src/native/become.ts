/** A plan and a launch request in, this process the workload: the TypeScript side of ll_become (csrc/run/launch.h). */

import { MESSAGE } from "../plan/layout.ts";
import { getField } from "../plan/struct.ts";
import { addressOf, native } from "./library.ts";

/** Where the start of a run failed. */
export interface Failure {
  /** Op kind, or one of STAGES. */
  readonly stage: number;
  /** Index of the failing op; -1 where it was none. */
  readonly op: number;
  /** Positive. */
  readonly errno: number;
}

/** Becomes the workload; returns only on failure, and by then this process may be restricted. */
export function become(plan: Uint8Array, launch: Uint8Array): Failure {
  const failure = new Uint8Array(MESSAGE.sizeBytes);
  native().ll_become(addressOf(plan), plan.byteLength, addressOf(launch), launch.byteLength, addressOf(failure));
  return failureIn(failure);
}

/** A message that tells of a failure. */
export function failureIn(message: Uint8Array): Failure {
  const view = new DataView(message.buffer, message.byteOffset);
  return {
    stage: getField(view, MESSAGE, 0, "stage"),
    op: getField(view, MESSAGE, 0, "op"),
    errno: getField(view, MESSAGE, 0, "errno"),
  };
}
