/** The filter of a run: a prebuilt one where that serves, else one made for it. */

import { assembleFilter, type FilterInput, plainKey } from "./filter.ts";
import { prebuiltFilters } from "./prebuilt.ts" with { type: "macro" };

const PREBUILT: Readonly<Record<string, string>> = prebuiltFilters();

/**
 * The filter as an array of struct sock_filter.
 * @throws ProgramTooLongError as `assembleFilter` does.
 */
export function compileFilter(input: FilterInput): Uint8Array<ArrayBuffer> {
  const key = plainKey(input);
  const prebuilt = key === undefined ? undefined : PREBUILT[key];
  return prebuilt === undefined ? assembleFilter(input) : Uint8Array.fromBase64(prebuilt);
}
