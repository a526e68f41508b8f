/**
 * Writes audit events. A sink that takes none (a full disk, a closed or a stuck pipe) never stops a run: events wait in
 * bounded room, what doesn't fit is counted, and the count is told at the end (csrc/audit/sink.h).
 */

import { endAudit, finishAudit, openAudit, writeAudit } from "../native/audit.ts";
import type { AuditEvent } from "./events.ts";
import { fieldsOf } from "./line.ts";
import { sinkError } from "./sink.ts";

/** What couldn't be written. */
export interface Losses {
  readonly events: number;
  /** Positive errno of the last failure; 0 where nothing failed. */
  readonly errno: number;
}

/** Whose events they are. */
export interface Subject {
  /** From LANDLOCKD_JOB_ID; null without one. */
  readonly jobId: string | null;
  /** What run.start calls the policy. */
  readonly policyFile: string;
}

export class AuditWriter {
  /** Of the record, for what C writes to it. */
  readonly address: number;

  private constructor(address: number) {
    this.address = address;
  }

  /** @throws UsageError when the sink can't be opened. */
  static open(sink: string, { jobId, policyFile }: Subject): AuditWriter {
    const opened = openAudit(sink, jobId, policyFile);
    if (typeof opened !== "number") throw sinkError(sink, opened);
    return new AuditWriter(opened);
  }

  /** The one that the front has begun to write. */
  static goOn(address: number): AuditWriter {
    return new AuditWriter(address);
  }

  write(event: AuditEvent): void {
    const { event: name, ...fields } = event;
    const { job_id: jobId, ...rest } = fields as Record<string, unknown>;
    writeAudit(this.address, name, typeof jobId === "string" ? jobId : undefined, fieldsOf(rest));
  }

  /** The run's last event. `status`: as wait(2). */
  end(pid: number, status: number): void {
    endAudit(this.address, pid, status);
  }

  /** Waits a little for a slow sink, then tells what was lost. */
  close(): Losses {
    return finishAudit(this.address);
  }
}
