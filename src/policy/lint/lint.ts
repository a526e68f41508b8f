/** What a policy that loads may still do wrong: errors and warnings that take a look at the host. */

import type { Finding } from "../../base/errors.ts";
import type { LoadedPolicy } from "../load.ts";
import type { Policy } from "../policy.ts";
import { lintWritableSources } from "./binds.ts";
import { lintBrokerTargets } from "./broker.ts";
import type { Facts } from "./facts.ts";
import { lintFolderRights, lintMissingPaths } from "./files.ts";
import { lintHostRights } from "./host.ts";
import { lintShadowedGrants, lintUnhandledWrites } from "./layers.ts";
import { lintPrograms } from "./programs.ts";
import { lintWrites } from "./writes.ts";

const RULES: readonly ((policy: Policy, facts: Facts) => Finding[])[] = [
  lintFolderRights,
  lintMissingPaths,
  lintShadowedGrants,
  lintUnhandledWrites,
  lintPrograms,
  lintWritableSources,
  lintWrites,
  lintHostRights,
  lintBrokerTargets,
];

/** Every finding of every rule, without places: `placeFindings` adds them. */
export function lint(loaded: LoadedPolicy, facts: Facts): Finding[] {
  return RULES.flatMap((rule) => rule(loaded.policy, facts));
}
