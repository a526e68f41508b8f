/** Work that may block: each piece in a helper of its own, given up when its caller is killed or has a signal to handle. */

import { EINTR, EMFILE, ENFILE, ERESTARTSYS } from "../kernel/errno.ts";
import { O_CLOEXEC } from "../kernel/file.ts";
import type { Watch } from "../native/epoll.ts";
import { endHelper, type Helper, killHelper, startOpen, waitHelper } from "../native/helper.ts";
import { hasSignal } from "./caller.ts";
import { close } from "./files.ts";
import type { Ticket } from "./reply.ts";
import { unprivileged } from "./self.ts";

/** How often the callers of blocked work are looked at: nothing tells that one is gone. */
const TICK_MS = 100;
/** How long helpers that were killed may take to die while everybody waits for it, together. */
const LAST_WAIT_MS = 100;
/** More callers than this can't wait in blocking opens at once: each takes a process. */
const HELPERS_MAX = 128;

interface Job {
  readonly ticket: Ticket;
  readonly helper: Helper;
  /** Told the result, 0 or -errno, once the helper is gone; whether the caller waits any more is another question. */
  readonly done: (result: number) => void;
  /** A signal with a handler ends it, as it would end the call itself. */
  readonly interruptible: boolean;
  interrupted: boolean;
}

/** What is opened by a helper. */
export interface Blocking {
  /** O_PATH, owned. */
  readonly pin: number;
  /** As open(2) takes them. */
  readonly flags: number;
  readonly mode: number;
}

export class Waiting {
  readonly #watch: Watch;
  readonly #jobs = new Map<number, Job>();
  #nextTick = 0;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Until the next `tick`; -1 if none is needed. */
  get timeoutMs(): number {
    return this.#jobs.size === 0 ? -1 : TICK_MS;
  }

  /** Watches a helper to its end. */
  add(helper: Helper, ticket: Ticket, done: (result: number) => void, interruptible = false): void {
    this.#giveUpEarlier(ticket);
    this.#jobs.set(helper.pidFd, { ticket, helper, done, interruptible, interrupted: false });
    this.#watch.add(helper.pidFd, () => unprivileged(() => this.#onDone(helper.pidFd)));
  }

  /**
   * A thread waits for one call at a time. Before Linux 5.19 each signal ends one and begins it again, and a thread with a
   * timer would soon have used all helpers up.
   */
  #giveUpEarlier({ tid }: Ticket): void {
    for (const { ticket, helper } of this.#jobs.values()) {
      if (ticket.tid === tid && !ticket.listener.isValid(ticket.id)) killHelper(helper);
    }
  }

  /** Room for one more. */
  get hasRoom(): boolean {
    return this.#jobs.size < HELPERS_MAX;
  }

  /** Opens a pinned object, which is consumed, and answers the request. */
  open(ticket: Ticket, { pin, flags, mode }: Blocking, closing: number, done: (result: number) => void): void {
    const listenerFd = ticket.listener.fd;
    const request = { listenerFd, id: ticket.id, pin, flags, mode, closeOnExec: closing & O_CLOEXEC };
    const helper = this.hasRoom ? startOpen(request) : -ENFILE;
    // The helper has its own copy.
    close(pin);
    if (typeof helper !== "number") {
      this.add(helper, ticket, done, true);
      return;
    }
    // Room for fds that is lacking here isn't lacking there.
    const failed = helper === -EMFILE ? -ENFILE : helper;
    ticket.listener.answer(failed, ticket.id);
    done(failed);
  }

  #onDone(pidFd: number): void {
    const job = this.#jobs.get(pidFd);
    if (job === undefined) return;
    this.#watch.remove(pidFd);
    this.#jobs.delete(pidFd);
    const result = endHelper(job.helper);
    if (job.interrupted) job.ticket.listener.answer(-ERESTARTSYS, job.ticket.id);
    job.done(job.interrupted ? -EINTR : result);
  }

  /** Gives up what nobody waits for any more. */
  tick(): void {
    if (this.#jobs.size === 0) return;
    const now = performance.now();
    if (now < this.#nextTick) return;
    this.#nextTick = now + TICK_MS;
    for (const job of this.#jobs.values()) {
      const { listener, id, tid } = job.ticket;
      // Killed a tick ago and still there: it waits for a server, but its caller needn't.
      if (job.interrupted) listener.answer(-ERESTARTSYS, id);
      const valid = listener.isValid(id);
      const interrupts = job.interruptible && valid && hasSignal(tid) && listener.isValid(id);
      if (valid && !interrupts && !job.interrupted) continue;
      // What is being handed over is no longer valid either, and no signal takes it back.
      const killed = killHelper(job.helper);
      job.interrupted ||= killed && interrupts;
    }
  }

  /**
   * Kills all of it. A helper that doesn't die, because the kernel waits for a server's answer in it, is taken leave of
   * when it does: by the epoll where that goes on, by init otherwise.
   */
  close(): void {
    for (const { helper } of this.#jobs.values()) killHelper(helper);
    const end = performance.now() + LAST_WAIT_MS;
    for (const { helper } of this.#jobs.values()) {
      this.#watch.remove(helper.pidFd);
      if (waitHelper(helper, Math.max(end - performance.now(), 0))) endHelper(helper);
      else this.#leave(helper);
    }
    this.#jobs.clear();
  }

  #leave(helper: Helper): void {
    this.#watch.add(helper.pidFd, () => {
      this.#watch.remove(helper.pidFd);
      endHelper(helper);
    });
  }
}
