/**
 * The link step: puts the front into the executable that `bun build --compile` made.
 *
 *     bun tools/link.ts --front build/front --in build/landlockd-unlinked --out dist/landlockd
 *
 * Exit status: 0, or 1 with one line on stderr; the output appears whole or not at all.
 */

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { parseArgs } from "node:util";
import { ElfError } from "./elf.ts";
import { layOut } from "./link-layout.ts";

/** Bun's program headers and the path of its interpreter are in its first page. */
const HEAD_BYTES = 0x1000;

/**
 * Writes the linked executable to `outPath`, with the mode of `inPath`.
 *
 * @throws ElfError if either input isn't shaped as expected
 */
export function link(inPath: string, frontPath: string, outPath: string): void {
  const bun = fs.readFileSync(inPath);
  const front = fs.readFileSync(frontPath);
  const build = createHash("sha256").update(bun).update(front).digest();
  const output = layOut({ bunHead: bun.subarray(0, HEAD_BYTES), bunBytes: bun.length, front, build });

  const temporaryPath = `${outPath}.${process.pid}.tmp`;
  try {
    const fd = fs.openSync(temporaryPath, "wx", 0o600);
    try {
      writeAll(fd, bun, 0);
      writeAll(fd, output.header, 0);
      writeAll(fd, output.tail, output.tailOffset);
      fs.fchmodSync(fd, fs.statSync(inPath).mode & 0o777);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporaryPath, outPath);
  } finally {
    fs.rmSync(temporaryPath, { force: true });
  }
}

function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(fd, bytes, done, bytes.length - done, offset + done);
  }
}

function main(): number {
  const options = { front: { type: "string" }, in: { type: "string" }, out: { type: "string" } } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.front === undefined || values.in === undefined || values.out === undefined) {
      console.error("usage: bun tools/link.ts --front FRONT --in BUN --out EXECUTABLE");
      return 1;
    }
    link(values.in, values.front, values.out);
    return 0;
  } catch (error) {
    if (!(error instanceof ElfError) && !(error instanceof Error && "code" in error)) throw error;
    console.error(`link: ${error.message}`);
    return 1;
  }
}

if (import.meta.main) process.exitCode = main();
