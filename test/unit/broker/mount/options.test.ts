import { expect, test } from "bun:test";
import { TMPFS_BYTES_MAX, tmpfsBytes, tmpfsOptions } from "../../../../src/broker/mount/options.ts";

test("sizes are tmpfs's own: bytes, k, m, g", () => {
  expect(tmpfsBytes("4096")).toBe(4096);
  expect(tmpfsBytes("16k")).toBe(16_384);
  expect(tmpfsBytes("1M")).toBe(1_048_576);
});

test("nothing is bigger than may be: not by number, unit, percentage or for want of a limit", () => {
  for (const text of ["1g", "999999999999999", "100%", "1%", "0", "0k"]) expect(tmpfsBytes(text)).toBe(TMPFS_BYTES_MAX);
});

test("what isn't a size is none", () => {
  for (const text of ["", "k", "-1", "1t", "0x10", "1 m", "1e9", "9999999999999999"])
    expect(tmpfsBytes(text)).toBeUndefined();
});

test("mount data: size and mode, and what is left out", () => {
  expect(tmpfsOptions("")).toEqual({ bytes: TMPFS_BYTES_MAX, mode: 0o1777 });
  expect(tmpfsOptions("size=1m,mode=0755")).toEqual({ bytes: 1_048_576, mode: 0o755 });
  expect(tmpfsOptions("rw,mode=700")).toEqual({ bytes: TMPFS_BYTES_MAX, mode: 0o700 });
});

test("an option that isn't known is no option", () => {
  for (const data of ["huge=always", "size=x", "mode=9", "mode=77777", "uid=0", "nr_inodes=1"]) {
    expect(tmpfsOptions(data)).toBeUndefined();
  }
});
