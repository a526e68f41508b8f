/** The program that makes the calls of the broker's benches. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";

export const CALLS: string = resolve("build/bench/broker-calls");

/** Compiles it. */
export function buildCalls(): void {
  mkdirSync(resolve("build/bench"), { recursive: true });
  const gcc = Bun.spawnSync(["gcc", "-O2", "-static", "-Wall", "-Wextra", "-o", CALLS, "bench/broker-calls.c"]);
  if (!gcc.success) throw new Error(`bench/broker-calls.c doesn't compile:\n${gcc.stderr}`);
}
