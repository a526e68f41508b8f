/** The keys of the language that this version lints but doesn't carry out: `run` refuses a policy that uses one. */

import type { KeyPath } from "../base/errors.ts";
import type { Policy } from "../policy/policy.ts";

/** The tables of a policy that `run` must refuse, by key. */
export function unbuilt(policy: Policy): { readonly key: KeyPath; readonly item: string }[] {
  const found: KeyPath[] = [];
  const { mount_tmpfs = [], mount_bind = [], mount_object = [] } = policy.broker ?? {};
  if (mount_tmpfs.length > 0) found.push(["broker", "mount_tmpfs"]);
  if (mount_bind.length > 0) found.push(["broker", "mount_bind"]);
  if (mount_object.length > 0) found.push(["broker", "mount_object"]);
  return found.map((key) => ({ key, item: key.join(".") }));
}
