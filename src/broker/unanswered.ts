/**
 * What was done for callers that weren't there any more to be told. Before Linux 5.19 any signal interrupts a call that
 * the broker carries out; the kernel then makes the same call again, or its program does. It is answered with what came
 * of the first: done once more, a mkdir would find its folder made.
 */

import { birthOf } from "./caller.ts";

interface Left {
  /** The thread's: its number may be another's by then. */
  readonly birth: string;
  readonly call: string;
  readonly result: number;
}

/** More than this at once would be left by callers that were killed. */
const LEFT_MAX = 64;

export class Unanswered {
  readonly #left = new Map<number, Left>();

  /** Remembers the result of a call that nobody was told, until its thread makes another. */
  keep(tid: number, call: string, result: number): void {
    const birth = birthOf(tid);
    if (birth === undefined) return;
    this.#left.set(tid, { birth, call, result });
    const [oldest] = this.#left.keys();
    if (this.#left.size > LEFT_MAX && oldest !== undefined) this.#left.delete(oldest);
  }

  /** To be asked about each call: the result of this very one, if the thread hasn't been told it yet. */
  take(tid: number, call: string): number | undefined {
    const left = this.#left.get(tid);
    if (left === undefined) return undefined;
    this.#left.delete(tid);
    return left.call === call && left.birth === birthOf(tid) ? left.result : undefined;
  }
}
