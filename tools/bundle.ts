/**
 * Makes an executable of a program, as `bun build --compile` does.
 *
 *     bun tools/bundle.ts --entry MODULE --out EXECUTABLE [--shared MODULE] [--version VERSION] [--aarch64 BUN]
 *
 * `--shared` names what is loaded in every case: see parts.ts. `--aarch64` names a Bun of that
 * architecture, which the executable is then for.
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
async function bundle(program: Program, outPath: string, aarch64Path: string | undefined): Promise<void> {
  await Bun.build({
    ...bundleOptions(program),
    bytecode: true,
    compile: {
      outfile: resolve(outPath),
      ...(aarch64Path === undefined ? {} : { executablePath: resolve(aarch64Path), target: "bun-linux-arm64" }),
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
  const { entry, out, shared, version, aarch64 } = parseArgs({
    options: { entry: text, out: text, shared: text, version: text, aarch64: text },
  }).values;
  if (entry === undefined || out === undefined) {
    console.error(
      "usage: bun tools/bundle.ts --entry MODULE --out EXECUTABLE [--shared MODULE] [--version VERSION] [--aarch64 BUN]",
    );
    process.exit(1);
  }
  await bundle({ entry, shared, version }, out, aarch64);
}
