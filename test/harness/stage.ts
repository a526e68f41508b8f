/** Files that another user must be able to execute. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

const staged: Map<string, string> = new Map();

/** Whether everybody may execute the file and search every folder on the way to it. */
function isReachable(file: string): boolean {
  for (let path = file; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === "/") return true;
  }
}

/**
 * A path of `file` that every user can execute: the file itself, or a copy where the checkout lies in somebody's
 * private folder. A copy lives until the test process ends.
 */
export function stage(file: string): string {
  const source = resolve(file);
  const known = staged.get(source);
  if (known !== undefined) return known;
  const path = isReachable(source) ? source : copyOf(source);
  staged.set(source, path);
  return path;
}

function copyOf(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "landlockd-stage-"));
  const copy = join(folder, basename(source));
  chmodSync(folder, 0o755);
  copyFileSync(source, copy);
  chmodSync(copy, 0o755);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return copy;
}
