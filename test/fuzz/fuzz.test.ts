/** A short run of what `make fuzz` runs long: test/fuzz/all.ts. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skipped } from "../harness/cases.ts";
import { Random } from "../harness/random.ts";
import { accepts, build, buildLibrary, fuzz, IN_C, writeInputs } from "./in-c.ts";
import { IN_TYPESCRIPT } from "./in-typescript.ts";

const RUNS_IN_C = 30_000;
const RUNS: Readonly<Record<string, number>> = {
  "frame-ts": 20_000,
  "plan-file-ts": 2000,
  policy: 5000,
  decision: 200_000,
};

/** Compiling under sanitizers takes as long as a busy machine takes for it. */
const TIMEOUT_MS = 900_000;
const IN_C_NAME = "fuzzed in C, under ASan and UBSan: plans, plan files, frames, requests, and the sieve";

async function fuzzInC(): Promise<void> {
  mkdirSync("build", { recursive: true });
  const folder = mkdtempSync("build/fuzz-");
  try {
    buildLibrary(folder);
    for (const harness of IN_C) {
      const program = build(harness, folder);
      const { seeds, corpus } = writeInputs(harness, folder);
      // Control: the seeds are accepted, and the start of one isn't.
      expect(readdirSync(seeds).length).toBeGreaterThan(0);
      for (const seed of readdirSync(seeds)) expect([seed, accepts(program, join(seeds, seed))]).toEqual([seed, true]);
      const refused = join(folder, `${harness.name}-refused`);
      writeFileSync(refused, readFileSync(join(seeds, "0")).subarray(0, 9));
      expect(accepts(program, refused)).toBe(false);
      expect((await fuzz(program, [corpus, seeds], RUNS_IN_C, 1)).finding).toBeUndefined();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (Bun.which("clang") === null) skipped(IN_C_NAME, "clang isn't installed");
else test(IN_C_NAME, fuzzInC, TIMEOUT_MS);

for (const { name, what, open } of IN_TYPESCRIPT) {
  test(`fuzzed in TypeScript: ${what}`, async () => {
    const random = new Random(1);
    const attempt = open();
    for (let left = RUNS[name] ?? 0; left > 0; left--) await attempt(random);
    expect(RUNS[name]).toBeGreaterThan(0);
  }, 120_000);
}
