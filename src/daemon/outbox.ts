/** What a daemon tells one client. It never waits for a client that doesn't read. */

import type { AuditEvent } from "../audit/events.ts";
import { fieldsOf } from "../audit/line.ts";
import { EAGAIN } from "../kernel/errno.ts";
import { sendDatagram } from "../native/socket.ts";
import { encodeFrame, type FieldValue, type KindName, type TagName } from "./frame.ts";

export type Fields = readonly (readonly [TagName, FieldValue | undefined])[];

/** later: some of it waits for `flush`. gone: the client hung up, or left more unread than is kept for it. */
export type Sent = "sent" | "later" | "gone";

/** What waits for a client that doesn't read; beyond it events are counted, and anything else is the end. */
const PENDING_BYTES_MAX = 1024 * 1024;

export class Outbox {
  readonly #fd: number;
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  lostEvents = 0;

  /** The socket is borrowed. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  send(kind: KindName, fields: Fields, fds: readonly number[]): Sent {
    const bytes = encodeFrame(kind, fields);
    const result = this.#pending.length > 0 ? -EAGAIN : sendDatagram(this.#fd, bytes, fds);
    if (result === 0) return "sent";
    if (result === -EAGAIN && fds.length === 0 && this.#pendingBytes + bytes.length <= PENDING_BYTES_MAX) {
      this.#pending.push(bytes);
      this.#pendingBytes += bytes.length;
      return "later";
    }
    if (result !== -EAGAIN || kind !== "audit") return "gone";
    this.lostEvents += 1;
    return "later";
  }

  /** Sends what waits. */
  flush(): Sent {
    for (let bytes = this.#pending[0]; bytes !== undefined; bytes = this.#pending[0]) {
      const result = sendDatagram(this.#fd, bytes);
      if (result < 0) return result === -EAGAIN ? "later" : "gone";
      this.#pending.shift();
      this.#pendingBytes -= bytes.length;
    }
    return "sent";
  }
}

/** An event for a client's sink, with its raw bytes escaped as the line there has them. */
export function eventJson(event: AuditEvent): string {
  return `{${fieldsOf({ ...event })}}`;
}
