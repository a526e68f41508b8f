/**
 * The filters of policies that say nothing of seccomp: most policies. They are made while landlockd is built, because
 * making one takes a cold start several milliseconds. Imported as a macro only: what it returns becomes a literal.
 */

import { ARCHES } from "../kernel/syscalls.ts";
import { USUAL_CONDITIONS } from "./conditions.ts";
import { assembleFilter, type FilterInput, plainKey } from "./filter.ts";

/** Each by the key of its input, as base64. */
export function prebuiltFilters(): Record<string, string> {
  const filters: Record<string, string> = {};
  for (const arch of ARCHES) {
    for (const said of USUAL_CONDITIONS) {
      const input: FilterInput = { arch, deny: [], errno: 1, traps: [], allow: [], said };
      filters[plainKey(input) ?? ""] = assembleFilter(input).toBase64();
    }
  }
  return filters;
}
