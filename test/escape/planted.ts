/** What the tests of planted links share. */
import type { Box } from "../harness/box.ts";
import { landlockd } from "../harness/landlockd.ts";
import { baseEnv, type ProcessResult } from "../harness/process.ts";

export const READ: readonly string[] = ["execute", "read_file", "read_dir"];

/** Prints "leaked" where it can be read. */
export const secretRead = (box: Box): string => `cat ${box.path("outside/secret")}`;

/** Folders and files that no place but the linked one grants. */
export function furnish(box: Box): void {
  box.write("outside/secret", "leaked\n");
  box.write("outside/empty", "");
  box.write("covered/file", "");
  box.mkdir("own");
}

/** A shell's script under a policy, in the folder that it may change. */
export async function script(
  box: Box,
  policy: string,
  text: string,
  flags: readonly string[] = [],
  env = {},
): Promise<ProcessResult> {
  const argv = ["run", "--policy-file", policy, ...flags, "--", "/bin/sh", "-c", text];
  return await landlockd(box, argv, { env: { ...baseEnv(box), ...env }, cwd: box.path("inside") });
}
