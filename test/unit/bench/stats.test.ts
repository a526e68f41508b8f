import { describe, expect, test } from "bun:test";
import { median, quantile, rotate } from "../../../bench/lib/stats.ts";

describe("median", () => {
  test("of an odd number is the middle value, whatever the order", () => {
    expect(median([9, 1, 4])).toBe(4);
  });

  test("of an even number is between the two in the middle", () => {
    expect(median([4, 1, 3, 100])).toBe(3.5);
  });

  test("of nothing is no number", () => {
    expect(median([])).toBeNaN();
  });

  test("leaves its argument as it was", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

test("a quantile interpolates between its neighbours", () => {
  expect(quantile([0, 10], 0.25)).toBe(2.5);
  expect(quantile([5, 1, 3], 0)).toBe(1);
  expect(quantile([5, 1, 3], 1)).toBe(5);
});

test("after as many rounds as contestants each has been first once", () => {
  const firsts = [0, 1, 2, 3].map((round) => rotate(["a", "b", "c"], round)[0]);
  expect(firsts).toEqual(["a", "b", "c", "a"]);
  expect(rotate(["a", "b", "c"], 2)).toEqual(["c", "a", "b"]);
});
