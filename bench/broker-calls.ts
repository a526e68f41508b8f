/** The program that makes the calls of the broker's benches. */
import { resolve } from "node:path";
import { must, placeOf } from "./lib/build.ts";

export const CALLS: string = resolve("build/bench/broker-calls");

/** Compiles it. */
export function buildCalls(): void {
  must(["gcc", "-O2", "-static", "-Wall", "-Wextra", "-o", placeOf("broker-calls"), "bench/broker-calls.c"]);
}
