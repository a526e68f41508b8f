/** Files that another user must be able to execute. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, renameSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

/** Names the folder of copies. test/run-all.ts sets it and removes the folder; a run of single files leaves one. */
export const STAGE_VARIABLE: string = "LANDLOCKD_TEST_STAGE";

/** Whether everybody may execute the file and search every folder on the way to it. */
function isReachable(file: string): boolean {
  for (let path = file; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
    if (path === "/") return true;
  }
}

/** A new folder that everybody may search and only its owner may change. */
export function makeStage(): string {
  const folder = mkdtempSync(join(tmpdir(), "landlockd-stage-"));
  chmodSync(folder, 0o711);
  return folder;
}

/**
 * A path of `file` that every user can execute: the file itself, or a copy where the checkout lies in somebody's
 * private folder. Copies are shared by all test files of a process: the executable is large.
 */
export function stage(file: string): string {
  const source = resolve(file);
  if (isReachable(source)) return source;
  // biome-ignore lint/suspicious/noAssignInExpressions: the usual way to fill in a default
  const folder = (process.env[STAGE_VARIABLE] ??= makeStage());
  const { mtimeMs, size } = statSync(source);
  const copy = join(folder, `${Bun.hash(`${source} ${mtimeMs} ${size}`).toString(16)}-${basename(source)}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`;
    copyFileSync(source, unfinished);
    chmodSync(unfinished, 0o755);
    renameSync(unfinished, copy);
  }
  return copy;
}
