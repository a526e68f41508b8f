/** Reads a policy file, with what of its place the policy can name. */

import { POLICY_BYTES_MAX } from "../base/limits.ts";
import { realPath } from "../native/file.ts";
import { type FileKind, readRegularFile, readStream, STDIN } from "./file.ts";
import { BUILT_IN, type PolicySource } from "./load.ts";

const KIND: FileKind = { noun: "policy", bytesMax: POLICY_BYTES_MAX };

/**
 * The bytes of a policy file, or of a stream that landlockd was started with: `-`, and `/dev/fd/N` as a shell makes of
 * `<(…)`. A stream is read once, and is in no folder.
 * @throws UsageError as `readRegularFile` and `readStream`.
 */
export function readPolicyFile(path: string): PolicySource {
  const stream = readStream(path, KIND);
  if (stream !== undefined) {
    return { file: path === STDIN ? "<stdin>" : path, bytes: stream, policyDir: undefined, isStream: true };
  }
  const bytes = readRegularFile(path, KIND);
  // A file whose folder can't be told must not look like a policy of landlockd's own.
  const file = path.startsWith(BUILT_IN) ? `./${path}` : path;
  return { file, bytes, policyDir: realPath(folderOf(path)) };
}

/** What precedes the last slash. `node:path` takes a start 0.2 ms. */
function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash + 1);
}
