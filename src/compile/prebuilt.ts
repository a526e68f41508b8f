/**
 * The filters of policies that say nothing of seccomp: most policies. They are made while landlockd is built, because
 * making one takes a cold start several milliseconds. Imported as a macro only: what it returns becomes a literal.
 */

import { ARCHES } from "../kernel/syscalls.ts";
import { assembleFilter, type FilterInput, plainKey } from "./filter.ts";

/** Each by the key of its input, as base64. */
export function prebuiltFilters(): Record<string, string> {
  const filters: Record<string, string> = {};
  for (const arch of ARCHES) {
    for (const execute of [false, true]) {
      for (const net of [false, true]) {
        const input: FilterInput = { arch, deny: [], errno: 1, traps: [], allow: [], execute, net };
        filters[plainKey(input) ?? ""] = assembleFilter(input).toBase64();
      }
    }
  }
  return filters;
}
