/** The files of this project: what git tracks and what it would track, were it added. */
import { existsSync } from "node:fs";

/** Paths relative to the top that match; a file deleted but not yet committed isn't among them. */
export function trackedFiles(pattern: RegExp): string[] {
  const listed = Bun.spawnSync(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  if (!listed.success) throw new Error(`git ls-files: ${listed.stderr.toString().trim()}`);
  return listed.stdout
    .toString()
    .split("\0")
    .filter((file) => file !== "" && pattern.test(file) && existsSync(file))
    .sort();
}
