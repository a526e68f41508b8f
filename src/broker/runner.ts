/** Runs work in steps: a step at a time, other requests and helpers in between. */

import { ENFILE } from "../kernel/errno.ts";
import type { Ticket } from "./reply.ts";
import type { Steps } from "./steps.ts";
import type { Waiting } from "./waiting.ts";

interface Task {
  readonly ticket: Ticket;
  /** Ended early if the caller goes away in between. */
  readonly steps: Steps<void>;
}

export class Runner {
  readonly #waiting: Waiting;
  /** Those that only let others go first. */
  #ready: Task[] = [];
  /** Those whose helper is at work. */
  readonly #blocked = new Set<Task>();

  constructor(waiting: Waiting) {
    this.#waiting = waiting;
  }

  /** Whether there is something to go on with. */
  get isBusy(): boolean {
    return this.#ready.length > 0;
  }

  /** Begins at once; what needs no step in between is done when this returns. */
  run(ticket: Ticket, steps: Steps<void>): void {
    this.#next({ ticket, steps }, 0);
  }

  #resume(task: Task, value: number): void {
    if (task.ticket.listener.isValid(task.ticket.id)) this.#next(task, value);
    else task.steps.return();
  }

  #next(task: Task, first: number): void {
    let value = first;
    for (;;) {
      const next = task.steps.next(value);
      if (next.done === true) return;
      if (next.value === undefined) {
        this.#ready.push(task);
        return;
      }
      const helper = this.#waiting.hasRoom ? next.value() : -ENFILE;
      if (typeof helper !== "number") {
        this.#blocked.add(task);
        this.#waiting.add(helper, task.ticket, (result) => {
          this.#blocked.delete(task);
          this.#resume(task, result);
        });
        return;
      }
      value = helper;
    }
  }

  /** One step of each that is ready. */
  tick(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (const task of ready) this.#resume(task, 0);
  }

  /** Ends everything early. Helpers are the owner's to kill, before. */
  close(): void {
    for (const { steps } of [...this.#ready, ...this.#blocked]) steps.return();
    this.#ready = [];
    this.#blocked.clear();
  }
}
