/** What the broker did, as audit events. Passing on isn't an event. */

import type { BrokerEvent, Decision } from "../audit/broker.ts";
import { EPERM } from "../kernel/errno.ts";
import { O_ACCMODE, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from "../kernel/file.ts";
import type { Verdict } from "./decide.ts";
import { shownPath } from "./locate.ts";
import type { At, Request } from "./request.ts";

export type Audit = (event: BrokerEvent) => void;

/** How a request ended. */
export interface Ending {
  readonly verdict: Verdict;
  /** Positive errno that the caller sees; 0 for none. */
  readonly errno: number;
  /** The open made the file. */
  readonly created: boolean;
}

function decisionOf({ verdict, errno }: Ending): Decision {
  if (verdict.decision === "deny" || (verdict.decision === "publish" && errno === EPERM)) return "deny";
  return errno === 0 ? "allow" : "error";
}

function operationOf(flags: number, created: boolean): "read" | "write" | "read_write" | "create" {
  if (created) return "create";
  const mode = flags & O_ACCMODE;
  if (mode === O_RDONLY) return (flags & O_TRUNC) === 0 ? "read" : "write";
  return mode === O_WRONLY ? "write" : "read_write";
}

/** The paths of a request as the record shows them: to be asked for while the caller still waits. */
export type Paths = readonly [Uint8Array | null, Uint8Array | null];

export function pathsOf(tid: number, request: Request): Paths {
  const path = (at: At): Uint8Array | null => {
    const shown = shownPath(tid, at);
    return shown === undefined ? null : Buffer.from(shown, "latin1");
  };
  return "from" in request ? [path(request.from), path(request.to)] : [path(request.at), null];
}

/** The event of a request that the broker answered; `created` counts for opens. */
export function eventOf(tid: number, request: Request, [path, newPath]: Paths, ending: Ending): BrokerEvent {
  const decision = decisionOf(ending);
  const outcome = ending.errno === 0 ? { decision } : { decision, errno: ending.errno };
  const head = { pid: tid, syscall: request.syscall };
  switch (request.kind) {
    case "open": {
      const created = ending.created || (ending.errno !== 0 && (request.flags & O_CREAT) !== 0);
      const scope = ending.verdict.decision === "allow" ? ending.verdict.scope : "scratch";
      const operation = operationOf(request.flags, created);
      return { event: "broker.open", ...head, scope, operation, path, ...outcome };
    }
    case "mkdir":
      return { event: "broker.mkdir", ...head, operation: "mkdir", path, ...outcome };
    case "mknod":
      return { event: "broker.mknod", ...head, operation: "mknod", path, ...outcome };
    case "truncate":
      return { event: "broker.truncate", ...head, operation: "truncate", path, ...outcome };
    case "remove": {
      const operation = request.syscall === "rmdir" || request.flags !== 0 ? "rmdir" : "unlink";
      return { event: `broker.${operation}`, ...head, operation, path, ...outcome };
    }
    case "symlink":
      return {
        event: "broker.symlink",
        ...head,
        operation: "symlink",
        target: Buffer.from(request.target, "latin1"),
        path,
        ...outcome,
      };
    case "rename":
    case "link": {
      const published = ending.verdict.decision === "publish" && ending.errno === 0;
      const paths = { old_path: path, new_path: newPath };
      return { event: `broker.${request.kind}`, ...head, operation: request.kind, ...paths, published, ...outcome };
    }
  }
}
