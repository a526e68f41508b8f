/** The audit events: one documented shape each (docs/audit.md). */

/** Strings may come as raw bytes: what isn't UTF-8 is escaped when the line is made. */
export type Text = string | Uint8Array;

export type RunEvent =
  | { readonly event: "run.start"; readonly pid: number; readonly policy_file: string; readonly argv0: Text }
  | { readonly event: "run.exit"; readonly pid: number; readonly status: number }
  | { readonly event: "run.signal"; readonly pid: number; readonly signal: number }
  | { readonly event: "run.error"; readonly stage: string; readonly errno: number; readonly message: string }
  | { readonly event: "run.degraded"; readonly item: string; readonly needs: string; readonly has: string };

export type AuditEvent = RunEvent;
