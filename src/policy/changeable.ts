/**
 * Where the runs of a policy may change what a name means: what is beneath such a folder may lead elsewhere by the next
 * run. Pure.
 */

import { FS_RIGHTS, rightsMask } from "../kernel/landlock.ts";
import { accessAt, type LayerGrants, layerGrants, type Reals, writesAt } from "./grants.ts";
import type { Policy } from "./policy.ts";
import { isWithin, PathIndex } from "./tree.ts";

const MAKE_LINK = rightsMask(FS_RIGHTS, ["make_sym"]);
/** In one folder a rename takes no `refer`: a folder with a link in it gets another's name. */
const RENAME_FOLDER = rightsMask(FS_RIGHTS, ["make_dir", "remove_dir"]);

function changesNames(layers: readonly LayerGrants[], folder: string): boolean {
  const access = accessAt(layers, folder);
  return (access & MAKE_LINK) !== 0 || (access & RENAME_FOLDER) === RENAME_FOLDER;
}

/** With a root of its own, a run reaches what is in there, and what is bound there. */
function isSeen({ runtime, mount }: Policy, folder: string, reals: Reals): boolean {
  if (runtime?.root === undefined) return true;
  const shown = [runtime.root, ...(mount?.bind ?? []).map(({ source }) => source)];
  return shown.some((each) => isWithin(folder, reals.real(each)));
}

/**
 * The real paths of those folders, none beneath another. A right that no layer handles counts where a rule grants some
 * right to write: what a policy leaves open everywhere says nothing of a place.
 */
export function changeableFolders(policy: Policy, reals: Reals): PathIndex {
  const layers = layerGrants(policy, reals);
  const folders = new Set<string>();
  for (const { granted } of layers) for (const folder of granted.keys()) folders.add(folder);
  const byRules = [...folders].filter(
    (folder) => writesAt(layers, folder) !== 0 && changesNames(layers, folder) && isSeen(policy, folder, reals),
  );
  const { scratch = [], export: published = [] } = policy.broker ?? {};
  const byBroker = [...scratch, ...published].map((path) => reals.real(path));
  const all = new PathIndex([...byRules, ...byBroker]);
  return new PathIndex([...byRules, ...byBroker].filter((folder) => all.above(folder) === undefined));
}
