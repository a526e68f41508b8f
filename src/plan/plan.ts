/** A plan as TypeScript handles it, before it is bytes: operations in the order in which the child performs them. */

import type { KeyPath } from "../base/errors.ts";
import type { Arch } from "../kernel/syscalls.ts";
import type { OpName } from "./layout.ts";

export interface PlanOp {
  readonly kind: OpName;
  /** Bits of the op's own flags. */
  readonly flags?: number;
  readonly a?: number;
  readonly b?: number;
  readonly c?: number;
  /** A string, or a filter's instructions. */
  readonly text?: string | Uint8Array;
  readonly text2?: string;
  /** The policy item that it comes from. Not part of the bytes: only for messages. */
  readonly key?: KeyPath;
}

export interface Plan {
  readonly arch: Arch;
  /** CLONE_NEW* flags for the keeper. */
  readonly namespaces: number;
  readonly ops: readonly PlanOp[];
}
