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

function renamesFolders(layers: readonly LayerGrants[], folder: string): boolean {
  return (accessAt(layers, folder) & RENAME_FOLDER) === RENAME_FOLDER;
}

function changesNames(layers: readonly LayerGrants[], folder: string): boolean {
  return (accessAt(layers, folder) & MAKE_LINK) !== 0 || renamesFolders(layers, folder);
}

/** With a root of its own, a run reaches what is in there, and what is bound there. */
function isSeen({ runtime, mount }: Policy, folder: string, reals: Reals): boolean {
  if (runtime?.root === undefined) return true;
  const shown = [runtime.root, ...(mount?.bind ?? []).map(({ source }) => source)];
  return shown.some((each) => isWithin(folder, reals.real(each)));
}

function foldersOf(
  policy: Policy,
  reals: Reals,
  is: (layers: readonly LayerGrants[], folder: string) => boolean,
): string[] {
  const layers = layerGrants(policy, reals);
  const folders = new Set<string>();
  for (const { granted } of layers) for (const folder of granted.keys()) folders.add(folder);
  return [...folders].filter(
    (folder) => writesAt(layers, folder) !== 0 && is(layers, folder) && isSeen(policy, folder, reals),
  );
}

function outermostOf(folders: readonly string[]): string[] {
  const all = new PathIndex(folders);
  return [...new Set(folders)].filter((folder) => all.above(folder) === undefined);
}

/** The real paths of folders beneath which the runs of a policy may rename folders themselves. */
export function renamableFolders(policy: Policy, reals: Reals): PathIndex {
  return new PathIndex(foldersOf(policy, reals, renamesFolders));
}

/** The real paths that the rules of a policy, or its broker, let be written; none is beneath another. */
export function writableFolders(policy: Policy, reals: Reals): readonly string[] {
  const listed = (policy.broker?.allow_write ?? []).map((path) => reals.real(path));
  return outermostOf([...foldersOf(policy, reals, () => true), ...brokeredFolders(policy, reals), ...listed]);
}

/** The real paths of folders beneath which the broker changes names for its runs. */
export function brokeredFolders({ broker }: Policy, reals: Reals): string[] {
  return [...(broker?.scratch ?? []), ...(broker?.export ?? [])].map((path) => reals.real(path));
}

/**
 * The real paths of those folders, none beneath another. A right that no layer handles counts where a rule grants some
 * right to write: what a policy leaves open everywhere says nothing of a place.
 */
export function changeableFolders(policy: Policy, reals: Reals): PathIndex {
  return new PathIndex(outermostOf([...foldersOf(policy, reals, changesNames), ...brokeredFolders(policy, reals)]));
}
