import { expect, test } from "bun:test";
import { appendFileSync, closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endHelper, startCopy, waitHelper } from "../../../src/native/helper.ts";
import { syscall } from "../../../src/native/syscall.ts";

/** More than a pipe takes at once. */
const SIZE = 256 * 1024;

test("a file is copied as long as it was when its copying began, however it grows meanwhile", () => {
  const dir = mkdtempSync(join(tmpdir(), "landlockd-helper-"));
  const file = join(dir, "file");
  writeFileSync(file, Buffer.alloc(SIZE, "a"));
  const from = openSync(file, "r");
  const ends = new Int32Array(2);
  expect(syscall("pipe2", ends, 0)).toBe(0);
  const [out = -1, into = -1] = ends;
  const bytes = Buffer.alloc(SIZE);
  try {
    const helper = startCopy(from, into);
    if (typeof helper === "number") throw new Error(`no helper: ${helper}`);
    closeSync(into);
    // What is read has been written: it is under way, and waits for room.
    let copied = readSync(out, bytes, 0, 1, null);
    expect([copied, waitHelper(helper, 0)]).toEqual([1, false]);
    appendFileSync(file, Buffer.alloc(SIZE, "b"));
    for (let got = copied; got > 0; copied += got) got = readSync(out, bytes);
    expect([copied, bytes.includes("b")]).toEqual([SIZE, false]);
    expect(waitHelper(helper, 900)).toBe(true);
    endHelper(helper);
  } finally {
    closeSync(out);
    closeSync(from);
    rmSync(dir, { recursive: true });
  }
});
