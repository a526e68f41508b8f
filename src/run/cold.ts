/** Why runs of a policy never start from a stored plan: what a reader would else only see by the time that they take. */

import type { Report } from "../compile/compile.ts";
import type { Policy } from "../policy/policy.ts";
import { plantable } from "../store/cold.ts";
import { type Environment, places } from "../store/place.ts";

/** The first reason, in the words of a report; undefined where a second run starts from a plan. */
export function whyCold(
  policy: Policy,
  { unsupported, fleeting }: Report,
  served: boolean,
  env: Environment,
): string | undefined {
  if (unsupported.length > 0 && policy.compat !== "best-effort") return "this host can't enforce all of it";
  if (fleeting === true) return "its paths lead by links that may change, and are followed anew each time";
  if (!served) return "it has a broker beside mounts, or one whose lists lead through what changes from run to run";
  const found = places(env);
  if (found === undefined) {
    return "there is no folder of this user's own for compiled plans (XDG_RUNTIME_DIR, /run/user/UID, ~/.cache)";
  }
  return plantable(policy, [found.plans, found.key]);
}
