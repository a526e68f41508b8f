/** A result as a Markdown table. */
import type { Result, Series } from "./result.ts";
import { median } from "./stats.ts";

/** Two digits after the point below 10, one below 100, none above. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function ratio(series: Series, base: Series | undefined): string {
  if (base === undefined) throw new Error("a ratio needs a series that was measured");
  return series === base ? "1" : digits(median(series.rounds) / median(base.rounds));
}

function seriesNamed(result: Result, name: string): Series | undefined {
  return result.series.find((each) => each.name === name);
}

function row(result: Result, series: Series): string[] {
  const bases = result.versus.map(({ name }) => seriesNamed(result, name));
  return [
    series.name,
    `\`${series.command}\``,
    digits(median(series.rounds)),
    `${digits(Math.min(...series.rounds))}–${digits(Math.max(...series.rounds))}`,
    ...bases.map((base) => ratio(series, base)),
  ];
}

/** One line that says where and how: below the table. */
export function provenance({ machine, versions, settings }: Result): string {
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const how = Object.entries(settings).map(([name, value]) => `${value} ${name}`);
  const where = `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, ${machine.distribution}`;
  return `${where}, as ${machine.user === "root" ? "root" : "an unprivileged user"}; ${how.join(", ")}; ${used.join(", ")}.`;
}

/** The table: medians over the rounds, the least and the greatest round, and the ratios of the medians. */
export function markdownTable(result: Result): string {
  const head = ["", "command", `median, ${result.unit}`, "rounds", ...result.versus.map(({ title }) => title)];
  const rule = head.map((_, index) => (index < 2 ? "---" : "--:"));
  const lines = [head, rule, ...result.series.map((series) => row(result, series))];
  return `${lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}\n`;
}

/** A line for each figure to reach, and whether it was. */
export function targetLines(result: Result): string {
  const lines = result.targets.map(({ name, versus, max }) => {
    const [series, base] = [seriesNamed(result, name), seriesNamed(result, versus)];
    if (series === undefined || base === undefined) throw new Error("a target needs two series that were measured");
    const value = median(series.rounds) / median(base.rounds);
    return `- ${name} ÷ ${versus}: ${digits(value)}, ${value <= max ? "within" : "over"} the ${max} to reach\n`;
  });
  return lines.join("");
}
