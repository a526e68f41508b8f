/** The audit events: one documented shape each (docs/audit.md). */

import type { BrokerEvent } from "./broker.ts";

/** Strings may come as raw bytes: what isn't UTF-8 is escaped when the line is made. */
export type Text = string | Uint8Array;

export type RunEvent =
  | { readonly event: "run.start"; readonly pid: number; readonly policy_file: string; readonly argv0: Text }
  | { readonly event: "run.exit"; readonly pid: number; readonly status: number }
  | { readonly event: "run.signal"; readonly pid: number; readonly signal: number }
  | { readonly event: "run.error"; readonly stage: string; readonly errno: number; readonly message: string }
  | { readonly event: "run.degraded"; readonly item: string; readonly needs: string; readonly has: string };

/** How a mount went. */
type MountResult = { readonly decision: "allow" } | { readonly decision: "error"; readonly errno: number };

/** Static mounts, made by the keeper (its pid) before the workload starts. */
export type MountEvent =
  | ({ readonly event: "mount.tmpfs" | "mount.proc"; readonly pid: number; readonly path: Text } & MountResult)
  | ({
      readonly event: "mount.bind";
      readonly pid: number;
      readonly source: Text;
      readonly target: Text;
      readonly read_only: boolean;
    } & MountResult);

/** What a daemon does; `pid` is its own but where a peer is named. */
export type DaemonEvent =
  | {
      readonly event: "daemon.listen";
      readonly pid: number;
      readonly socket: string;
      readonly mode: "socket" | "systemd";
    }
  | {
      readonly event: "daemon.request";
      /** The client's: it stands in the place of the daemon's own. */
      readonly job_id: string | null;
      readonly command: "run" | "status" | "stop";
      readonly policy_file: string | null;
      readonly argc: number | null;
    }
  | {
      readonly event: "daemon.peer";
      readonly uid: number;
      readonly pid: number;
      readonly decision: "allow" | "deny";
      readonly reason?: string;
    }
  | { readonly event: "daemon.exit"; readonly pid: number; readonly socket: string };

export type AuditEvent = RunEvent | MountEvent | DaemonEvent | BrokerEvent;
