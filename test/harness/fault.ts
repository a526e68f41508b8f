/** System calls of landlockd's own that go wrong (test/probe/fault.c). */
import { readFileSync } from "node:fs";
import { numberOf } from "../../src/native/syscall.ts";
import type { Box } from "./box.ts";
import { probePath } from "./probe.ts";

export interface Fault {
  /** The call's name; `any` for all of them. */
  readonly call: string;
  /** Only with this in the low 32 bits of an argument: its index, and the value. */
  readonly arg?: readonly [index: number, value: number];
  /** What the caller gets instead: a positive errno, or 0, with nothing done; or SIGKILL for the caller. */
  readonly result: number | "kill";
  /** Only the n-th of these calls; each by default. */
  readonly at?: number;
}

/** A command in front of landlockd's own path: all that is not landlockd's goes well. */
export function faulty({ call, arg, result, at = 0 }: Fault): string[] {
  const number = call === "any" ? call : String(numberOf(call));
  const which = arg === undefined ? "any" : `${arg[0]}=${arg[1] >>> 0}`;
  return [probePath("fault"), number, which, String(result), String(at), "--"];
}

/** The environment in which that command leaves a count of the calls that it met, for `metIn`. */
export function counting(box: Box): Record<string, string> {
  return { FAULT_REPORT: box.path("met") };
}

export function metIn(box: Box): number {
  return Number(readFileSync(box.path("met"), "utf8"));
}
