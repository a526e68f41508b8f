import { expect, test } from "bun:test";
import type { Result } from "../../../bench/lib/result.ts";
import { svgPlot } from "../../../bench/lib/svg.ts";
import { markdownTable, provenance, targetLines } from "../../../bench/lib/table.ts";

const RESULT: Result = {
  bench: "sample",
  title: "Sample",
  unit: "ms",
  machine: {
    cpu: "A CPU",
    cores: 2,
    memoryGib: 4,
    kernel: "6.18.1",
    distribution: "Debian GNU/Linux 12 (bookworm)",
    user: "unprivileged",
  },
  versions: { Bun: "1.4.5" },
  settings: { rounds: 3, runs: 10 },
  series: [
    { name: "base", command: "base", rounds: [2, 4, 3] },
    { name: "mine <fast>", command: "landlockd run", rounds: [1, 2, 1.5] },
  ],
  versus: [{ title: "÷ base", name: "base" }],
  targets: [
    { name: "mine <fast>", versus: "base", max: 0.5 },
    { name: "mine <fast>", versus: "base", max: 0.4 },
  ],
};

test("the table has medians, the span of the rounds, and ratios of medians", () => {
  const rows = markdownTable(RESULT).trimEnd().split("\n");
  expect(rows).toHaveLength(4);
  expect(rows[2]).toBe("| base | `base` | 3.00 | 2.00–4.00 | 1 |");
  expect(rows[3]).toBe("| mine <fast> | `landlockd run` | 1.50 | 1.00–2.00 | 0.50 |");
});

test("a ratio to something that was not measured is an error, not an empty cell", () => {
  expect(() => markdownTable({ ...RESULT, versus: [{ title: "÷ other", name: "other" }] })).toThrow("was measured");
});

test("the provenance names machine, kernel, user, settings and versions", () => {
  const text = provenance(RESULT);
  for (const part of ["A CPU", "2 cores", "Linux 6.18.1", "unprivileged", "3 rounds", "10 runs", "Bun 1.4.5"]) {
    expect(text).toContain(part);
  }
});

test("the plot escapes names and draws bars in proportion", () => {
  const svg = svgPlot(RESULT);
  expect(svg).toContain("mine &lt;fast&gt;");
  const widths = Array.from(svg.matchAll(/<rect[^>]* width="([\d.]+)"/g), (match) => Number(match[1]));
  expect(widths).toHaveLength(2);
  expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo(2, 2);
});

test("a figure to reach is within or over", () => {
  expect(targetLines(RESULT)).toBe(
    "- mine <fast> ÷ base: 0.50, within the 0.5 to reach\n- mine <fast> ÷ base: 0.50, over the 0.4 to reach\n",
  );
});
