/** Policies that a daemon finds itself, by what a client calls them. */

import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { PolicySource } from "../policy/load.ts";
import { findNamedPolicy } from "../policy/named.ts";
import { readPolicyFile } from "../policy/read.ts";

/** A policy of the only folder that a daemon takes policies from. @throws UsageError */
export function policyOfFolder(folder: string, name: string | undefined): PolicySource {
  if (name === undefined) {
    throw new UsageError(
      "this daemon takes no policy files",
      `it takes policies by name, from ${folder}: --policy NAME`,
    );
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)) {
    throw new UsageError(`${JSON.stringify(name)} is not a policy's name`);
  }
  return readPolicyFile(join(folder, `${name}.toml`));
}

/**
 * A built-in policy, for a client that has no copy of its own and has found none of that name in the folders that go
 * before. `file` is what it is called in messages: `built-in:NAME`.
 * @throws UsageError
 */
export function builtInPolicy(file: string): PolicySource {
  const source = findNamedPolicy(file.slice("built-in:".length), {});
  if (source.file === file) return source;
  throw new UsageError(`${file}: here the policy of that name is ${source.file}`);
}
