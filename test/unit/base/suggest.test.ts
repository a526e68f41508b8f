import { expect, test } from "bun:test";
import { didYouMean, nearest } from "../../../src/base/suggest.ts";

const RIGHTS = ["read_file", "read_dir", "write_file", "execute"];

test("the nearest name, by the slips that fingers make", () => {
  expect(nearest("raed_file", RIGHTS)).toBe("read_file");
  expect(nearest("READ_FILE", RIGHTS)).toBe("read_file");
  expect(nearest("write-file", RIGHTS)).toBe("write_file");
  expect(nearest("execut", RIGHTS)).toBe("execute");
});

test("nothing is proposed when nothing is near", () => {
  expect(nearest("network", RIGHTS)).toBeUndefined();
  expect(nearest("", RIGHTS)).toBeUndefined();
  expect(nearest("x".repeat(1000), ["x".repeat(1001)])).toBeUndefined();
  expect(didYouMean("zzz", RIGHTS)).toBeUndefined();
});
