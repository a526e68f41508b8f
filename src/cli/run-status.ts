/** The exit status of a run that failed before its workload ran. */

import { ENOENT } from "../kernel/errno.ts";
import { CommandError } from "../run/command.ts";
import { STATUS_FAILED } from "./status.ts";

/** 127 where the command isn't there, 126 where it can't be executed, 125 for all else. */
export function statusOf(error: unknown): number {
  if (error instanceof CommandError) return error.status;
  const { stage, errno } = error as { stage?: string; errno?: number };
  if (stage !== "exec") return STATUS_FAILED;
  return errno === ENOENT ? 127 : 126;
}
