/**
 * Makes an executable of a program, as `bun build --compile` does.
 *
 *     bun tools/bundle.ts --entry MODULE --out EXECUTABLE [--version VERSION]
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { sharing } from "./parts.ts";

/** All but where the result goes; also what its test builds. */
export function bundleOptions(entryPath: string, version: string): Bun.BuildConfig {
  return {
    entrypoints: [resolve(entryPath)],
    target: "bun",
    format: "esm",
    // A run loads only what it needs.
    splitting: true,
    plugins: [sharing(entryPath)],
    minify: { syntax: true, whitespace: true, keepNames: true },
    define: { LANDLOCKD_VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
  };
}

/** @throws AggregateError with what the bundler says */
async function bundle(entryPath: string, outPath: string, version: string): Promise<void> {
  await Bun.build({
    ...bundleOptions(entryPath, version),
    bytecode: true,
    compile: {
      outfile: resolve(outPath),
      // Both would be read from the folder in which landlockd is started.
      autoloadDotenv: false,
      autoloadBunfig: false,
      // A run is over before code compiled by the JIT pays off, and its threads compete with it for the CPU. A broker
      // sets the policy back (Bun.unsafe.setJITPolicy).
      jitPolicy: 100,
    },
  });
}

if (import.meta.main) {
  const options = { entry: { type: "string" }, out: { type: "string" }, version: { type: "string" } } as const;
  const { entry, out, version = "" } = parseArgs({ options }).values;
  if (entry === undefined || out === undefined) {
    console.error("usage: bun tools/bundle.ts --entry MODULE --out EXECUTABLE [--version VERSION]");
    process.exit(1);
  }
  await bundle(entry, out, version);
}
