/** Runs work in steps: a step at a time, other requests and helpers in between. */

import { EINTR, ENFILE } from "../kernel/errno.ts";
import type { Ticket } from "./reply.ts";
import type { Steps } from "./steps.ts";
import type { Waiting } from "./waiting.ts";

interface Task {
  readonly ticket: Ticket;
  /** Ended early if the caller goes away in between, but where they say that they go on. */
  readonly steps: Steps<void>;
  readonly goesOn: () => boolean;
  /** It was ended early, and is cleaning up after itself. */
  ending: boolean;
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

  /**
   * Begins at once; what needs no step in between is done when this returns. `goesOn`: whether what is left has to be
   * done without the caller too.
   */
  run(ticket: Ticket, steps: Steps<void>, goesOn: () => boolean = () => false): void {
    this.#go({ ticket, steps, goesOn, ending: false }, steps.next(0));
  }

  #resume(task: Task, value: number): void {
    const { ticket, steps, goesOn } = task;
    if (task.ending || goesOn() || ticket.listener.isValid(ticket.id)) this.#go(task, steps.next(value));
    else this.#end(task);
  }

  #end(task: Task): void {
    task.ending = true;
    this.#go(task, task.steps.return());
  }

  #go(task: Task, first: ReturnType<Steps<void>["next"]>): void {
    for (let step = first; step.done !== true; ) {
      if (step.value === undefined) {
        this.#ready.push(task);
        return;
      }
      const helper = this.#waiting.hasRoom ? step.value() : -ENFILE;
      if (typeof helper !== "number") {
        this.#blocked.add(task);
        this.#waiting.add(helper, task.ticket, (result) => {
          this.#blocked.delete(task);
          this.#resume(task, result);
        });
        return;
      }
      step = task.steps.next(helper);
    }
  }

  /** One step of each that is ready. */
  tick(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (const task of ready) this.#resume(task, 0);
  }

  /** Ends everything early, without a step in between. Helpers are the owner's to kill, before. */
  close(): void {
    for (const { steps, ending, goesOn } of [...this.#ready, ...this.#blocked]) {
      let step = ending || goesOn() ? steps.next(-EINTR) : steps.return();
      while (step.done !== true) step = steps.next(step.value === undefined ? 0 : -EINTR);
    }
    this.#ready = [];
    this.#blocked.clear();
  }
}
