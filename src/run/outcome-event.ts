/** The last event of a run. */

import type { AuditWriter } from "../audit/writer.ts";
import type { Outcome } from "./outcome.ts";

export function writeOutcome(audit: AuditWriter, outcome: Outcome, pid: number): void {
  if (outcome.kind === "exited") audit.write({ event: "run.exit", pid, status: outcome.status });
  else audit.write({ event: "run.signal", pid, signal: outcome.signal });
}
