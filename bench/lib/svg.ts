/** A result as a horizontal bar plot: a bar to the median, a line from the least round to the greatest. */
import type { Result } from "./result.ts";
import { median } from "./stats.ts";
import { digits } from "./table.ts";

const LABEL_WIDTH = 250;
const PLOT_WIDTH = 430;
const ROW_HEIGHT = 30;
const TOP = 44;
const WIDTH = LABEL_WIDTH + PLOT_WIDTH + 80;

/** The least of 1, 2, 2.5 and 5 times a power of ten that needs at most six steps up to `max`. */
function stepFor(max: number): number {
  const power = 10 ** Math.floor(Math.log10(max / 6));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => max / step <= 6) ?? max;
}

/** Colours that read on a light and on a dark page. */
const STYLE = `<style>text{font:13px system-ui,sans-serif;fill:#6b7280}.t{font-weight:600}.b{fill:#9ca3af}.o{fill:#2563eb}.r{stroke:#6b7280}.g{stroke:#6b7280;stroke-opacity:.25}</style>`;

/** The plot. Series whose command begins with `landlockd` are set off by colour. */
export function svgPlot(result: Result): string {
  const max = Math.max(...result.series.flatMap((series) => series.rounds));
  const step = stepFor(max);
  const x = (value: number): string => (LABEL_WIDTH + (value / (Math.ceil(max / step) * step)) * PLOT_WIDTH).toFixed(1);
  const bottom = TOP + result.series.length * ROW_HEIGHT;

  const grid = Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => {
    const at = x(index * step);
    const label = `<text x="${at}" y="${bottom + 18}" text-anchor="middle">${+(index * step).toPrecision(3)}</text>`;
    return `<line class="g" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>${label}`;
  });
  const bars = result.series.map((series, index) => {
    const value = median(series.rounds);
    const y = TOP + index * ROW_HEIGHT;
    const width = (Number(x(value)) - LABEL_WIDTH).toFixed(1);
    const [low, high] = [Math.min(...series.rounds), Math.max(...series.rounds)];
    return [
      `<text x="${LABEL_WIDTH - 10}" y="${y + 19}" text-anchor="end">${Bun.escapeHTML(series.name)}</text>`,
      `<rect class="${series.command.startsWith("landlockd") ? "o" : "b"}" x="${LABEL_WIDTH}" y="${y + 6}" width="${width}" height="18"/>`,
      `<line class="r" x1="${x(low)}" x2="${x(high)}" y1="${y + 15}" y2="${y + 15}"/>`,
      `<text x="${Number(x(high)) + 6}" y="${y + 19}">${digits(value)}</text>`,
    ].join("");
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 28}" role="img">${STYLE}`,
    `<title>${Bun.escapeHTML(result.title)}</title>`,
    `<text class="t" x="12" y="24">${Bun.escapeHTML(result.title)} (${result.unit}, less is better)</text>`,
    ...grid,
    ...bars,
    "</svg>\n",
  ].join("\n");
}
