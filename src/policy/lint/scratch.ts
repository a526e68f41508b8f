/** Scratch folders that the workload can reach past the broker. */

import type { Finding } from "../../base/errors.ts";
import { FS_RIGHTS, rightsMask } from "../../kernel/landlock.ts";
import { quote, warning } from "../finding.ts";
import { accessAt, type LayerGrants } from "../grants.ts";
import type { Policy } from "../policy.ts";
import { isBeneath } from "../tree.ts";
import type { Facts } from "./facts.ts";

/** What a link to a file elsewhere takes, in the folder where it is made (landlock(7)). */
const LINK = rightsMask(FS_RIGHTS, ["refer", "make_reg"]);

/**
 * A file that is linked into scratch is one that the broker lets be written there. It makes no such link itself; where
 * Landlock grants one, a path that leads into scratch only after the broker has looked at it makes it.
 */
export function lintScratchLinks(policy: Policy, facts: Facts, layers: readonly LayerGrants[]): Finding[] {
  if (layers.length === 0) return [];
  const granted = layers.flatMap((layer) => [...layer.granted.keys()]);
  return (policy.broker?.scratch ?? []).flatMap((path, at) => {
    const folder = facts.real(path);
    const places = [folder, ...granted.filter((each) => isBeneath(each, folder))];
    const place = places.find((each) => (accessAt(layers, each) & LINK) === LINK);
    if (place === undefined) return [];
    return warning(
      "scratch-linkable",
      ["broker", "scratch", at],
      `files can be linked into ${quote(path)} past the broker, which then lets them be written`,
      `leave refer out of what is granted on ${quote(place)}: beneath scratch, the broker itself renames and links`,
    );
  });
}
