/** Work in steps: between them other requests are served, and where it blocks a helper does it. */

import type { Helper } from "../native/helper.ts";

/** Starts a helper, or tells why it can't: -errno. */
export type Begin = () => Helper | number;

/**
 * Yields how to start a helper that is to be waited for, and is told its result; or undefined, to let others go first,
 * and is told 0. Returns 0 or -errno, or what else it is for. Ended early (`return`), it cleans up after itself, in steps
 * too.
 */
export type Steps<T = number> = Generator<Begin | undefined, T, number>;

/** How many entries of a tree are handled in one go: some milliseconds. */
const ENTRIES_IN_ONE_GO = 256;

/** Counts entries and says when others are to go first. */
export class Pace {
  #count = 0;

  /** To be awaited (`yield*`) for each entry. */
  *step(): Steps<void> {
    this.#count += 1;
    if (this.#count % ENTRIES_IN_ONE_GO === 0) yield undefined;
  }
}

/** All steps at once, for work that needs no helper. */
export function runNow<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next(0);
    if (step.done === true) return step.value;
  }
}
