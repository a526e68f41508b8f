/** A run with nothing to supervise: this process is restricted and becomes the workload. */

import { become } from "../native/become.ts";
import type { Plan } from "../plan/plan.ts";
import { failureOf } from "./failure.ts";
import { encodeLaunch, type LaunchRequest } from "./launch.ts";

/**
 * Doesn't return: same pid, same terminal, same signals. `bytes` is the plan, encoded.
 * @throws LaunchError when it can't; this process may by then be restricted, and has only a message to print.
 */
export function becomeWorkload(plan: Plan, bytes: Uint8Array, request: LaunchRequest): never {
  const failure = become(bytes, encodeLaunch(request));
  throw failureOf(failure, plan, Buffer.from(request.argv[0] ?? []).toString());
}
