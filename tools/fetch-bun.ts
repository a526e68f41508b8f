/**
 * Fetches the Bun of another architecture from the npm registry: what package-lock.json pins, or nothing.
 *
 *     bun tools/fetch-bun.ts --package @oven/bun-linux-aarch64 --out EXECUTABLE
 *
 * Exit status: 0, or 1 with one line on stderr.
 */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const PROJECT = resolve(import.meta.dir, "..");

interface Pinned {
  readonly version: string;
  /** Subresource integrity of the package: `sha512-` and base64. */
  readonly integrity: string;
}

function pinned(name: string): Pinned {
  const lock = JSON.parse(readFileSync(join(PROJECT, "package-lock.json"), "utf8"));
  const entry: Pinned | undefined = lock.packages[`node_modules/${name}`];
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`);
  return entry;
}

/** What a command writes to stdout. @throws Error with what it says, if it fails */
function output(argv: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { cwd: PROJECT });
  if (exitCode !== 0) throw new Error(`${argv.slice(0, 2).join(" ")}: ${stderr.toString().trim().split("\n")[0]}`);
  return stdout.toString();
}

function fetchBun(name: string, out: string): void {
  const { version, integrity } = pinned(name);
  const folder = mkdtempSync(join(dirname(resolve(out)), "fetched-"));
  try {
    const packed = output(["npm", "pack", `${name}@${version}`, "--pack-destination", folder, "--loglevel=error"]);
    const file = join(folder, packed.trim());
    const found = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
    if (found !== integrity) throw new Error(`${name}@${version} isn't what package-lock.json pins: ${found}`);
    output(["tar", "-xzf", file, "--touch", "-C", folder, "package/bin/bun"]);
    renameSync(join(folder, "package/bin/bun"), out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main(): void {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { package: text, out: text } });
  if (values.package === undefined || values.out === undefined)
    throw new Error("usage: --package NAME --out EXECUTABLE");
  fetchBun(values.package, values.out);
}

try {
  main();
} catch (error) {
  console.error(`fetch-bun: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
