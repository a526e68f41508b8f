/** What the handlers of the mount calls work with, and what they give. */

import { EPERM } from "../../kernel/errno.ts";
import type { Command, Done } from "../../native/supervisor.ts";
import type { Leases } from "./leases.ts";
import type { MountTable } from "./table.ts";

export interface Mounting {
  readonly tid: number;
  readonly table: MountTable;
  readonly leases: Leases;
  /** `runtime.root` as a binary string; "" without one. */
  readonly root: string;
  readonly keeper: (command: Command) => Done;
}

/** What a call came to. */
export interface Answer {
  /** >= 0 or -errno. */
  readonly result: number;
  /** To be handed out instead of the result; a lease owns it. */
  readonly fd?: number;
  readonly closeOnExec?: number;
  /** For the record: an object's name, a source or a target. */
  readonly path: string | null;
  /** It was declared: where it failed all the same, it failed as it would have for anybody. */
  readonly declared: boolean;
}

/** As for a caller without privilege. */
export function refused(path: string | null): Answer {
  return { result: -EPERM, path, declared: false };
}

/** The answer to something declared. */
export function done({ errno }: Done, path: string): Answer {
  return { result: -errno, path, declared: true };
}
