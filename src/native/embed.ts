/** libsandbox.so as text in the program: reading an embedded file takes `node:fs`, which takes a start 1.5 ms. */

import { readFileSync } from "node:fs";

/** The library as base64. Imported as a macro only: what it returns becomes a literal. */
export function libraryBase64(): string {
  return readFileSync(`${import.meta.dir}/../../build/libsandbox.so`).toString("base64");
}
