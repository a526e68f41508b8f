/** Whether the executable under test has its front: see tools/README.md. */
import { readFileSync } from "node:fs";
import { landlockdPath } from "./landlockd.ts";

/** Program header type of the interpreter: elf(5). */
const PT_INTERP = 3;
const HEADERS_MAX_BYTES = 4096;

/** The link step takes the interpreter's program header away: the front loads the interpreter itself. */
function hasFront(file: string): boolean {
  const head = readFileSync(file).subarray(0, HEADERS_MAX_BYTES);
  const at = Number(head.readBigUInt64LE(0x20));
  const [size, count] = [head.readUInt16LE(0x36), head.readUInt16LE(0x38)];
  // A table that lies elsewhere was moved by the link step.
  if (at + size * count > head.length) return true;
  return !Array.from({ length: count }, (_, i) => head.readUInt32LE(at + i * size)).includes(PT_INTERP);
}

/** The obstacle for tests of what only a linked executable can do. */
export const NEEDS_FRONT: string | undefined = hasFront(landlockdPath())
  ? undefined
  : "the executable under test has no front, and Bun has changed or read what this is about";
