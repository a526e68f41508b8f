/** Root's surprise: a run has no capabilities, so a folder of another user's is as closed to it as its mode says. */

import type { Host } from "../kernel/host.ts";
import { statusAt } from "../native/file.ts";
import type { Policy } from "../policy/policy.ts";
import { allowsIn } from "./grants.ts";

const CAP_DAC_OVERRIDE = 1n;
/** The group's bit counts as well: whether root is in the group isn't asked. */
const OTHERS_WRITE = 0o022;

/** A warning, and what to do. */
export interface Closed {
  readonly message: string;
  readonly hint: string;
}

/** Undefined but for a root that could write in the working folder, may by the policy, and can't in the run. */
export function closedToRoot(policy: Policy, cwd: string | undefined, { uid, capabilities }: Host): Closed | undefined {
  if (uid !== 0 || cwd === undefined || ((capabilities >> CAP_DAC_OVERRIDE) & 1n) === 0n) return undefined;
  if (policy.runtime?.root !== undefined || policy.runtime?.cwd !== undefined) return undefined;
  const status = statusAt(cwd);
  if (typeof status === "number" || status.uid === 0 || (status.permissions & OTHERS_WRITE) !== 0) return undefined;
  if (!allowsIn(policy, "make_reg", cwd)) return undefined;
  const mode = status.permissions.toString(8).padStart(4, "0");
  return {
    message: `a run has no capabilities, so root can't write in ${cwd}, which is uid ${status.uid}'s (mode ${mode})`,
    hint: `start it as that user, with setpriv --reuid=${status.uid} --regid=… --clear-groups, or give root the folder`,
  };
}
