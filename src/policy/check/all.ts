/**
 * The errors that a policy shows without a look at the host: no run starts with one of them. What depends on the host,
 * and every warning, is in `lint/`.
 */

import type { Finding } from "../../base/errors.ts";
import type { Policy } from "../policy.ts";
import { checkExport, checkObjectNames } from "./broker.ts";
import { checkRuleCount } from "./limits.ts";
import { checkMountTargets } from "./mount.ts";
import { checkProcessRules } from "./proc.ts";
import { checkLayerCount, checkRights } from "./rights.ts";
import { checkProtectionNames, checkSyscallNames } from "./seccomp.ts";

const CHECKS: readonly ((policy: Policy) => Finding[])[] = [
  checkRuleCount,
  checkLayerCount,
  checkRights,
  checkExport,
  checkObjectNames,
  checkMountTargets,
  checkProcessRules,
  checkSyscallNames,
  checkProtectionNames,
];

export function check(policy: Policy): Finding[] {
  // Not by push(...): that takes as much stack as there are findings.
  return CHECKS.flatMap((each) => each(policy));
}
