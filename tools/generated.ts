/** How every generator keeps its promise: write the file, or with `--check` prove that the committed copy is fresh. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Writes `text` to `file`; with `--check` on the command line, compares instead and exits 1 when they differ. */
export function writeGenerated(file: string, text: string): void {
  const committed = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (committed === text) return;
  if (!process.argv.includes("--check")) {
    writeFileSync(file, text);
    return;
  }
  process.stderr.write(`${file} is stale: run \`make generate\` and commit it\n`);
  process.exitCode = 1;
}
