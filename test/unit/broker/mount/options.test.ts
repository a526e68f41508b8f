import { expect, test } from "bun:test";
import { TMPFS_BYTES_MAX, tmpfsBytes, tmpfsOptions } from "../../../../src/broker/mount/options.ts";
import { Random } from "../../../harness/random.ts";

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

test("whatever is asked for, a tmpfs has a size, and no bigger one than may be; its mode is one of permission bits", () => {
  const random = new Random(61);
  const parts = [
    "size=",
    "mode=",
    "rw",
    ",",
    "=",
    "0",
    "9",
    "777",
    "1777",
    "k",
    "M",
    "G",
    "%",
    "-",
    " ",
    "e9",
    "ro",
    "\0",
  ];
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const options = tmpfsOptions(Array.from({ length: random.below(7) }, () => random.one(parts)).join(""));
    if (options === undefined) continue;
    taken += 1;
    expect(Number.isSafeInteger(options.bytes) && options.bytes > 0 && options.bytes <= TMPFS_BYTES_MAX).toBe(true);
    expect(options.mode & ~0o7777).toBe(0);
  }
  expect(taken).toBeGreaterThan(1000);
});

test("a bigger size is never less", () => {
  const random = new Random(62);
  for (let round = 0; round < 5000; round++) {
    const [unit, count] = [random.one(["", "k", "m", "g", "K", "M", "G"]), 1 + random.below(1_000_000)];
    const bytes = tmpfsBytes(`${count}${unit}`) ?? 0;
    expect(tmpfsBytes(`${count + random.below(1000)}${unit}`)).toBeGreaterThanOrEqual(bytes);
  }
});
