/** libsandbox.so as text in the program: reading an embedded file takes `node:fs`, which takes a start 1.5 ms. */

import { readFileSync } from "node:fs";

/**
 * The library as base64, of the architecture that `LANDLOCKD_LIBRARY` names a folder of build/ for. Imported as a macro
 * only: what it returns becomes a literal.
 */
export function libraryBase64(): string {
  const folder = Bun.env["LANDLOCKD_LIBRARY"] ?? ".";
  return readFileSync(`${import.meta.dir}/../../build/${folder}/libsandbox.so`).toString("base64");
}
