/**
 * Makes an executable of a program, as `bun build --compile` does.
 *
 *     bun tools/bundle.ts --entry MODULE --out EXECUTABLE [--shared MODULE] [--version VERSION]
 *
 * `--shared` names what is loaded in every case: see parts.ts.
 */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { sharing } from "./parts.ts";

interface Program {
  readonly entry: string;
  readonly shared?: string | undefined;
  readonly version?: string | undefined;
}

/** All but where the result goes; also what its test builds. */
export function bundleOptions({ entry, shared, version = "" }: Program): Bun.BuildConfig {
  return {
    entrypoints: [resolve(entry)],
    target: "bun",
    format: "esm",
    // A run loads only what it needs.
    splitting: true,
    plugins: shared === undefined ? [] : [sharing(shared)],
    minify: { syntax: true, whitespace: true, keepNames: true },
    define: { LANDLOCKD_VERSION: JSON.stringify(version), "process.env.NODE_ENV": '"production"' },
  };
}

/** @throws AggregateError with what the bundler says */
async function bundle(program: Program, outPath: string): Promise<void> {
  await Bun.build({
    ...bundleOptions(program),
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

const text = { type: "string" } as const;

if (import.meta.main) {
  const { entry, out, shared, version } = parseArgs({
    options: { entry: text, out: text, shared: text, version: text },
  }).values;
  if (entry === undefined || out === undefined) {
    console.error("usage: bun tools/bundle.ts --entry MODULE --out EXECUTABLE [--shared MODULE] [--version VERSION]");
    process.exit(1);
  }
  await bundle({ entry, shared, version }, out);
}
