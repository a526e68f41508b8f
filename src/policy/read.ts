/** Reads a policy file, with what of its place the policy can name. */

import { POLICY_BYTES_MAX } from "../base/limits.ts";
import { realPath } from "../native/file.ts";
import { readRegularFile } from "./file.ts";
import { BUILT_IN, type PolicySource } from "./load.ts";

/** The bytes of a policy file. @throws UsageError as `readRegularFile`. */
export function readPolicyFile(path: string): PolicySource {
  const bytes = readRegularFile(path, { noun: "policy", bytesMax: POLICY_BYTES_MAX });
  // A file whose folder can't be told must not look like a policy of landlockd's own.
  const file = path.startsWith(BUILT_IN) ? `./${path}` : path;
  return { file, bytes, policyDir: realPath(folderOf(path)) };
}

/** What precedes the last slash. `node:path` takes a start 0.2 ms. */
function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash + 1);
}
