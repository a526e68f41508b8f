/** Messages of the channel between supervisor, keeper and workload-to-be: struct ll_message. */

import { MESSAGE } from "../plan/layout.ts";
import { getField, getField64 } from "../plan/struct.ts";

/** A datagram of the channel. */
export interface Message {
  readonly kind: number;
  readonly stage: number;
  /** Index of the failing op; -1 where it was none. */
  readonly op: number;
  /** Positive; 0 where nothing failed. */
  readonly errno: number;
  readonly pid: number;
  /** A wait status. */
  readonly status: number;
  /** What a command gave: a mount's id. */
  readonly a: number;
}

/** A datagram, or what a call says of its failure. */
export function readMessage(bytes: Uint8Array): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    kind: getField(view, MESSAGE, 0, "kind"),
    stage: getField(view, MESSAGE, 0, "stage"),
    op: getField(view, MESSAGE, 0, "op"),
    errno: getField(view, MESSAGE, 0, "errno"),
    pid: getField(view, MESSAGE, 0, "pid"),
    status: getField(view, MESSAGE, 0, "status"),
    a: Number(getField64(view, MESSAGE, 0, "a")),
  };
}
