/** What becomes of a request: the shape that every kind of request is answered in. */

import { EMFILE, ENFILE } from "../kernel/errno.ts";
import type { Listener, RequestId } from "./listener.ts";

/** A request that isn't answered yet; it outlives the listener's buffer. */
export interface Ticket {
  readonly id: RequestId;
  readonly tid: number;
  readonly listener: Listener;
  /** Told the result of what was done when nobody waited for it any more. */
  readonly unheard?: (result: number) => void;
}

/** What a request came to. */
export type Reply =
  /** Runs as if there were no broker. */
  | { readonly kind: "pass" }
  /** Returns 0, or fails with a negative errno. */
  | { readonly kind: "result"; readonly result: number }
  /** Returns a new fd for this one, which is consumed. */
  | { readonly kind: "fd"; readonly fd: number; readonly closeOnExec: number }
  /** Somebody answers it later. */
  | { readonly kind: "later" };

export const PASS: Reply = { kind: "pass" };

/** A result for the caller. Room for fds that is lacking here isn't lacking there. */
export function result(value: number): Reply {
  return { kind: "result", result: value === -EMFILE ? -ENFILE : value };
}

/** Answers. The errno that the caller sees, positive; 0 where it sees none. */
export function sendReply(ticket: Ticket, reply: Reply): number {
  const { listener, id } = ticket;
  switch (reply.kind) {
    case "pass":
      listener.passLater(id);
      return 0;
    case "result":
      if (!listener.answer(reply.result, id) && reply.result >= 0) ticket.unheard?.(reply.result);
      return Math.max(-reply.result, 0);
    case "fd":
      return -listener.answerFd(reply.fd, reply.closeOnExec, id);
    case "later":
      return 0;
  }
}
