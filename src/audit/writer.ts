/**
 * Writes audit events. A sink that takes none (a full disk, a closed or a stuck pipe) never stops a run: events wait in
 * a bounded buffer, what doesn't fit is counted, and the count is told at the end.
 */

import { EAGAIN, EINTR } from "../kernel/errno.ts";
import { syscall } from "../native/syscall.ts";
import type { AuditEvent } from "./events.ts";
import { type Common, eventLine } from "./line.ts";
import { openSink, type Sink } from "./sink.ts";

const BUFFER_MAX_BYTES = 1024 * 1024;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** How long the end of a run waits for a sink that is merely slow. */
const FLUSH_TIMEOUT_MS = 2000;

/** What couldn't be written. */
export interface Losses {
  readonly events: number;
  /** Positive errno of the last failure; 0 where nothing failed. */
  readonly errno: number;
}

/** A sink with what it hasn't taken yet: what is left of one line. */
interface BegunSink extends Sink {
  readonly waiting: Uint8Array;
}

export class AuditWriter {
  readonly #sink: Sink;
  readonly #common: Common;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lost: number;
  #errno: number;

  /**
   * `sink`: as the user names it, or one that another writer has begun to write to. `before`: what that one lost.
   * @throws UsageError when the sink can't be opened.
   */
  constructor(sink: string | BegunSink, common: Common, before: Losses = { events: 0, errno: 0 }) {
    this.#sink = typeof sink === "string" ? openSink(sink) : sink;
    if (typeof sink !== "string" && sink.waiting.length > 0) {
      this.#pending.push(sink.waiting);
      this.#pendingBytes = sink.waiting.length;
    }
    this.#common = common;
    this.#lost = before.events;
    this.#errno = before.errno;
  }

  write(event: AuditEvent): void {
    const line = Buffer.from(eventLine(event, this.#common, new Date()));
    if (this.#pendingBytes + line.length > BUFFER_MAX_BYTES) {
      this.#lost += 1;
      this.#errno = EAGAIN;
      return;
    }
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    this.#drain();
  }

  /** Writes what the sink takes. Only EAGAIN leaves anything waiting. */
  #drain(): void {
    for (let line = this.#pending[0]; line !== undefined; line = this.#pending[0]) {
      const written = this.#sink.socket
        ? syscall("sendto", this.#sink.fd, line, line.length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0)
        : syscall("write", this.#sink.fd, line, line.length);
      if (written === -EINTR) continue;
      if (written === -EAGAIN) return;
      this.#pendingBytes -= written < 0 ? line.length : written;
      if (written >= 0 && written < line.length) {
        this.#pending[0] = line.subarray(written);
        continue;
      }
      this.#pending.shift();
      if (written < 0) this.#lose(-written);
    }
  }

  #lose(errno: number): void {
    this.#lost += 1;
    this.#errno = errno;
  }

  /** Waits a little for a slow sink, then tells what was lost. */
  close(): Losses {
    const poll = new Int32Array([this.#sink.fd, 4 /* POLLOUT */]);
    const end = performance.now() + FLUSH_TIMEOUT_MS;
    this.#drain();
    while (this.#pending.length > 0 && performance.now() < end) {
      const left = Math.max(1, Math.ceil(end - performance.now()));
      const timeout = new BigInt64Array([BigInt(Math.floor(left / 1000)), BigInt((left % 1000) * 1_000_000)]);
      if (syscall("ppoll", poll, 1, timeout, 0, 0) === 0) break;
      this.#drain();
    }
    if (this.#pending.length > 0) {
      this.#lost += this.#pending.length;
      this.#errno = EAGAIN;
    }
    return { events: this.#lost, errno: this.#errno };
  }
}
