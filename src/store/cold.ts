/** Whether a policy itself keeps its runs from the plan store. */

import type { Policy } from "../policy/policy.ts";
import { canPlant } from "./grants.ts";

/** What the policy itself is the reason of. Undefined where there is none, or no store. */
export function plantable(policy: Policy, folders: readonly string[]): string | undefined {
  const folder = folders.find((each) => canPlant(policy, each));
  return folder === undefined ? undefined : `the policy lets a run write where compiled plans are kept, ${folder}`;
}
