/**
 * Whether a workload could change what the store trusts. Under such a policy a run neither trusts the store (there is
 * nothing in it for it) nor fills it.
 */

import type { FsRight } from "../kernel/landlock.ts";
import { isWritable, realPath } from "../native/file.ts";
import type { FsLayer, Policy } from "../policy/policy.ts";

function covers(folder: string, path: string): boolean {
  return folder === "/" || path === folder || path.startsWith(`${folder}/`);
}

function layerGrants(layer: FsLayer, right: FsRight, folder: string): boolean {
  return layer.rule.some(({ path, allowed_access }) => {
    if (!allowed_access.includes(right)) return false;
    const real = realPath(path) ?? path;
    return covers(real, folder) || covers(folder, real);
  });
}

/** What no layer handles is allowed everywhere. */
function allows(policy: Policy, right: FsRight, folder: string): boolean {
  return policy.fs_layer.every(
    (layer) => !layer.handled_access_fs.includes(right) || layerGrants(layer, right, folder),
  );
}

/** Every layer denies `refer` that doesn't grant it, handled or not. */
function allowsRefer(policy: Policy, folder: string): boolean {
  return policy.fs_layer.every((layer) => layerGrants(layer, "refer", folder));
}

/** Rules name what is bound by its target: whether one grants anything there isn't asked. */
function isBoundWritable({ mount, broker }: Policy, folder: string): boolean {
  return [...(mount?.bind ?? []), ...(broker?.mount_bind ?? [])].some(({ source, read_only }) => {
    const real = realPath(source) ?? source;
    return !read_only && (covers(real, folder) || covers(folder, real));
  });
}

/** Where a path leads whose last name may not be there yet. */
function realPlace(path: string): string {
  const slash = path.lastIndexOf("/");
  const folder = realPath(path.slice(0, slash + 1));
  return realPath(path) ?? (folder === undefined ? path : `${folder === "/" ? "" : folder}${path.slice(slash)}`);
}

/** By the broker's hand: whatever its folders hold, and the files of `allow_write`. */
function isBrokered({ broker }: Policy, folder: string): boolean {
  const { scratch = [], export: out = [], allow_write = [] } = broker ?? {};
  return [...scratch, ...out, ...allow_write].some((path) => {
    const real = realPlace(path);
    return covers(real, folder) || covers(folder, real);
  });
}

/** The folders above one, but for itself. */
function above(folder: string): string[] {
  const names = folder.split("/").slice(1, -1);
  return ["/", ...names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`)];
}

/** Whether a right holds right in a folder: by a rule on it or above. */
export function allowsIn(policy: Policy, right: FsRight, folder: string): boolean {
  return policy.fs_layer.every(
    (layer) =>
      !layer.handled_access_fs.includes(right) ||
      layer.rule.some(
        ({ path, allowed_access }) => allowed_access.includes(right) && covers(realPath(path) ?? path, folder),
      ),
  );
}

/** From the same folder a rename takes no `refer`. */
function canRenameFolder(policy: Policy, parent: string): boolean {
  return allowsIn(policy, "remove_dir", parent) && allows(policy, "write_file", parent);
}

/**
 * Whether a folder that the workload has filled can get the name of one on the way to `folder`. Where this user can't
 * make names it can't either.
 */
function canMoveFolder(policy: Policy, folder: string): boolean {
  return above(folder).some(
    (parent) =>
      allowsIn(policy, "make_dir", parent) &&
      (allowsRefer(policy, parent) || canRenameFolder(policy, parent)) &&
      isWritable(parent),
  );
}

/**
 * Whether a file of the workload's making can come to be in or beneath `folder`: by writing one there, or by moving one
 * there, or a folder with one. Removing or emptying what is there only costs time.
 */
export function canPlant(policy: Policy, folder: string): boolean {
  if (isBoundWritable(policy, folder) || isBrokered(policy, folder)) return true;
  if (allows(policy, "write_file", folder) || canMoveFolder(policy, folder)) return true;
  return allows(policy, "make_reg", folder) && allowsRefer(policy, folder);
}
