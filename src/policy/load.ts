/** From the bytes of a policy file to a `Policy` that can be compiled. */

import { acceptPolicy } from "./accept.ts";
import { check } from "./check/all.ts";
import { decodePolicy, parseToml } from "./parse.ts";
import type { Policy } from "./policy.ts";
import { Expander, type VariableContext, type VariableUse } from "./variables.ts";

/** What starts the `file` of a policy of landlockd's own; its name follows. No file's path starts so. */
export const BUILT_IN = "built-in:";

/** A policy as it was found, before anything is made of it. */
export interface PolicySource {
  /** What messages call it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** The folder that it is in, for `${POLICY_DIR}`; undefined for one that is built in or came by a stream. */
  readonly policyDir: string | undefined;
  /** The policy of landlockd's own that was named, and in whose place this one was found. */
  readonly shadows?: string;
  /** It was read from a stream, whose name stands for something else the next time: no plan is kept of it. */
  readonly isStream?: true;
}

export interface LoadedPolicy {
  readonly file: string;
  readonly text: string;
  readonly policy: Policy;
  /** The variables that it used, by name. */
  readonly uses: readonly VariableUse[];
}

/** A policy with nothing wrong in it; undefined where `validatePolicy` has to tell. @throws PolicyError */
export function acceptGoodPolicy(source: PolicySource, variables: VariableContext): LoadedPolicy | undefined {
  const { file } = source;
  const text = decodePolicy(file, source.bytes);
  const expander = new Expander(variables, source.policyDir);
  const policy = acceptPolicy(parseToml(file, text), expander);
  if (policy === undefined || check(policy).length > 0) return undefined;
  return { file, text, policy, uses: expander.uses() };
}

/**
 * Parses, expands, validates and checks a policy.
 * @throws PolicyError with all findings; their places are found by `placeFindings`.
 */
export async function loadPolicy(source: PolicySource, variables: VariableContext): Promise<LoadedPolicy> {
  const accepted = acceptGoodPolicy(source, variables);
  if (accepted !== undefined) return accepted;
  const { validatePolicy } = await import("./validate.ts");
  return validatePolicy(source, variables);
}
