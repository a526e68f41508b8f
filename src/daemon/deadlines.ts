/** When connections that don't go on are let go: by what they are waited for, each list in the order of its ends. */

import type { Client } from "./office.ts";

/** A connection that says nothing, or doesn't go on, is let go after this. */
const SILENT_TIMEOUT_MS = 10_000;
const PLANNED_TIMEOUT_MS = 60_000;

export class Deadlines {
  /** client → when, in ms of performance.now(). */
  readonly #silent = new Map<Client, number>();
  readonly #planned = new Map<Client, number>();

  /** How many have said nothing yet. */
  get silent(): number {
    return this.#silent.size;
  }

  /** How many have a plan and run nothing yet. */
  get planned(): number {
    return this.#planned.size;
  }

  /** The one that has said nothing for longest. */
  get oldest(): Client | undefined {
    return this.#silent.keys().next().value;
  }

  /** When the next one's time runs out. */
  get next(): number {
    const first = [this.#silent, this.#planned].map((each) => each.values().next().value ?? Number.POSITIVE_INFINITY);
    return Math.min(...first);
  }

  /** A connection went on, or is new. */
  moved(client: Client): void {
    this.forget(client);
    const now = performance.now();
    if (client.phase === "silent") this.#silent.set(client, now + SILENT_TIMEOUT_MS);
    if (client.phase === "planned") this.#planned.set(client, now + PLANNED_TIMEOUT_MS);
  }

  forget(client: Client): void {
    this.#silent.delete(client);
    this.#planned.delete(client);
  }

  /** Those whose time has run out. */
  expired(): Client[] {
    const now = performance.now();
    return [this.#silent, this.#planned].flatMap((each) => {
      const found: Client[] = [];
      for (const [client, deadline] of each) {
        if (deadline > now) break;
        found.push(client);
      }
      return found;
    });
  }
}
