/** Runs work in steps: a step at a time, other requests and helpers in between. */

import type { Ticket } from "./reply.ts";
import type { Steps } from "./steps.ts";
import type { Waiting } from "./waiting.ts";

interface Task {
  readonly ticket: Ticket;
  readonly steps: Steps;
  /** Told the result, 0 or -errno, when all is done; not told if the caller went away before. */
  readonly done: (result: number) => void;
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
  run(ticket: Ticket, steps: Steps, done: (result: number) => void): void {
    this.#resume({ ticket, steps, done }, 0);
  }

  #resume(task: Task, value: number): void {
    const { ticket, steps, done } = task;
    if (!ticket.listener.isValid(ticket.id)) {
      steps.return(0);
      return;
    }
    const next = steps.next(value);
    if (next.done === true) done(next.value);
    else if (next.value === undefined) this.#ready.push(task);
    else {
      this.#blocked.add(task);
      this.#waiting.add(next.value, ticket, (result) => {
        this.#blocked.delete(task);
        this.#resume(task, result);
      });
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
    for (const { steps } of [...this.#ready, ...this.#blocked]) steps.return(0);
    this.#ready = [];
    this.#blocked.clear();
  }
}
