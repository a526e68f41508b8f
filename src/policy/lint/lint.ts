/** What a policy that loads may still do wrong: errors and warnings that take a look at the host. */

import type { Finding } from "../../base/errors.ts";
import { type LayerGrants, layerGrants } from "../grants.ts";
import type { LoadedPolicy } from "../load.ts";
import type { Policy } from "../policy.ts";
import { lintUnheldMounts, lintWritableSources } from "./binds.ts";
import { lintBrokerTargets } from "./broker.ts";
import { lintChangeablePaths } from "./closed.ts";
import { lintColdStart } from "./cold.ts";
import type { Facts } from "./facts.ts";
import { lintFolderRights, lintMissingPaths } from "./files.ts";
import { lintHostRights } from "./host.ts";
import { lintShadowedGrants, lintUnhandledWrites } from "./layers.ts";
import { lintPrograms } from "./programs.ts";
import { lintScratchLinks } from "./scratch.ts";
import { lintWrites } from "./writes.ts";

/** One concern: looks at a policy, the host, and what the layers grant together. */
export type LintRule = (policy: Policy, facts: Facts, layers: readonly LayerGrants[]) => Finding[];

const RULES: readonly LintRule[] = [
  lintFolderRights,
  lintMissingPaths,
  lintShadowedGrants,
  lintUnhandledWrites,
  lintPrograms,
  lintWritableSources,
  lintUnheldMounts,
  lintWrites,
  lintChangeablePaths,
  lintHostRights,
  lintBrokerTargets,
  lintScratchLinks,
];

/** Every finding of every rule, without places: `placeFindings` adds them. */
export function lint(loaded: LoadedPolicy, facts: Facts): Finding[] {
  const layers = layerGrants(loaded.policy, facts);
  const found = RULES.flatMap((rule) => rule(loaded.policy, facts, layers));
  // A grant that is told to reach the store is told with what follows from it.
  return found.some(({ code }) => code === "writes-plan-store")
    ? found
    : [...found, ...lintColdStart(loaded.policy, facts)];
}
