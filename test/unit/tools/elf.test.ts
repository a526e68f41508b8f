import { describe, expect, test } from "bun:test";
import { EHDR_BYTES, ElfError, patchHeader, readHeader, readProgramHeaders } from "../../../tools/elf.ts";
import { bun, craft } from "./crafted-elf.ts";

/** A crafted file with one byte changed. */
function flipped(at: number, value: number): Uint8Array {
  const bytes = craft(bun);
  bytes[at] = value;
  return bytes;
}

describe("readHeader", () => {
  test("reads what was written", () => {
    const header = readHeader(craft(bun));
    expect(header).toEqual({ type: 2, machine: 62, entry: 0x202010, phOffset: 64, phCount: 6 });
    expect(readProgramHeaders(craft(bun), header)).toEqual([...bun.headers]);
  });

  test.each([
    ["no magic", 0, 0x7e],
    ["32-bit", 4, 1],
    ["big-endian", 5, 2],
    ["another version", 6, 2],
    ["another e_version", 20, 2],
    ["another header size", 52, 65],
    ["another program header size", 54, 57],
    ["an entry beyond 2^53", 31, 0x80],
  ])("refuses %s", (_, at, value) => {
    expect(() => readHeader(flipped(at, value))).toThrow(ElfError);
  });

  test("refuses a file that is too short", () => {
    expect(() => readHeader(craft(bun).subarray(0, EHDR_BYTES - 1))).toThrow(ElfError);
  });
});

test("readProgramHeaders refuses a table that ends outside the bytes", () => {
  const bytes = craft(bun);
  expect(() => readProgramHeaders(bytes.subarray(0, EHDR_BYTES + 6 * 56 - 1), readHeader(bytes))).toThrow(ElfError);
});

test("patchHeader changes the entry and the table, and nothing else, in a copy", () => {
  const bytes = craft(bun);
  const patched = patchHeader(bytes, { entry: 0x111000, phOffset: 0x5000, phCount: 8 });
  expect(readHeader(patched)).toEqual({ type: 2, machine: 62, entry: 0x111000, phOffset: 0x5000, phCount: 8 });
  expect(patched.subarray(0, 24)).toEqual(bytes.subarray(0, 24));
  expect(patched.subarray(40, 56)).toEqual(bytes.subarray(40, 56));
  expect(readHeader(bytes).entry).toBe(0x202010);
});
