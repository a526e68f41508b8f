/** Older kernels, as far as the broker can tell them from this one (test/probe/older.c). */
import { existsSync, readFileSync } from "node:fs";
import type { Box } from "./box.ts";
import { probePath } from "./probe.ts";
import { SUITE_IS_ROOT } from "./user.ts";

/** What the last kernel before a release lacks of what the broker uses. */
export const OLDER: Readonly<Record<string, readonly string[]>> = {
  "6.5": ["sync"],
  "5.18": ["sync", "killable"],
  "5.13": ["sync", "killable", "send"],
};

/** The obstacle for tests on such a kernel. */
export const NEEDS_TRACER: string | undefined = SUITE_IS_ROOT
  ? undefined
  : "only root may change the memory of landlockd's processes, which let nobody look into them";

/** A command in front of all else, for what is started as on a kernel that lacks this. */
export function older(lacks: readonly string[]): string[] {
  return [probePath("older"), ...lacks, "--"];
}

/** The environment in which that command leaves a count of what it refused, for `refusedIn`. */
export function counting(box: Box): Record<string, string> {
  box.remove("refused");
  return { OLDER_REFUSED: box.path("refused") };
}

/** How many flags were refused that only a tracer sees. */
export function refusedIn(box: Box): number {
  return existsSync(box.path("refused")) ? Number(readFileSync(box.path("refused"), "utf8")) : 0;
}
