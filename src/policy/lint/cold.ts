/** What makes every run start the long way. */

import type { Finding } from "../../base/errors.ts";
import { warning } from "../finding.ts";
import type { Policy } from "../policy.ts";
import type { Facts } from "./facts.ts";

/** Rights that no layer handles are open everywhere, the plan store included, and then nothing in it can be trusted. */
export function lintColdStart(policy: Policy, facts: Facts): Finding[] {
  const reason = facts.coldReason(policy);
  if (reason === undefined) return [];
  const hint = "handle write_file, make_reg, make_dir and remove_dir in a layer, and grant them on narrower folders";
  return [warning("cold-start", [], `every run starts cold, several times as slow: ${reason}`, hint)];
}
