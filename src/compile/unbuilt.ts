/** The keys of the language that this version lints but doesn't carry out: `run` refuses a policy that uses one. */

import type { KeyPath } from "../base/errors.ts";
import type { Policy } from "../policy/policy.ts";

/** The tables of a policy that `run` must refuse, by key. */
export function unbuilt(_policy: Policy): { readonly key: KeyPath; readonly item: string }[] {
  return [];
}
