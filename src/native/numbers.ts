/** Numbers of system calls as text that is searched: building a table of all takes a start a millisecond. */

import { ARCHES, syscallTable } from "../kernel/syscalls.ts";

/** Of each architecture `\nname=number` for every call. Imported as a macro only: what it returns becomes a literal. */
export function numberTexts(): Record<string, string> {
  return Object.fromEntries(
    ARCHES.map((arch) => [arch, [...syscallTable(arch)].map(([name, number]) => `\n${name}=${number}`).join("")]),
  );
}
