import { expect, test } from "bun:test";
import { Samples } from "../../../src/daemon/statistics.ts";

test("percentiles of nothing, of one, of a hundred", () => {
  const samples = new Samples();
  expect(samples.percentiles()).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  samples.add(5);
  expect(samples.percentiles()).toEqual({ count: 1, p50: 5, p90: 5, p99: 5, max: 5 });
  const many = new Samples();
  for (let value = 100; value >= 1; value--) many.add(value);
  expect(many.percentiles()).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
});

test("only the newest are kept", () => {
  const samples = new Samples();
  for (let count = 0; count < 4096; count++) samples.add(1_000_000);
  for (let count = 0; count < 4096; count++) samples.add(1);
  expect(samples.percentiles()).toEqual({ count: 8192, p50: 1, p90: 1, p99: 1, max: 1 });
});
