/** What a run comes to. */

import type { Losses } from "../audit/writer.ts";
import type { Outcome } from "./outcome.ts";

export interface RunResult {
  readonly outcome: Outcome;
  /** Of the run's audit events. */
  readonly losses: Losses;
}
