/** Keeps a result where documents and readers find it. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "./result.ts";
import { svgPlot } from "./svg.ts";
import { markdownTable, provenance, targetLines } from "./table.ts";

/** Where results lie, from the top of the project. */
export const RESULTS_FOLDER = "bench/results";

/** Writes `NAME.json`, `NAME.md` and `NAME.svg`. */
export function storeResult(result: Result, folder: string = RESULTS_FOLDER): void {
  mkdirSync(folder, { recursive: true });
  const figures = result.targets.length > 0 ? `${targetLines(result)}\n` : "";
  const parts = [`# ${result.title}\n\n`, markdownTable(result), `\n${figures}${provenance(result)}\n\n`];
  const markdown = `${parts.join("")}![${result.title}](${result.bench}.svg)\n`;
  writeFileSync(join(folder, `${result.bench}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(folder, `${result.bench}.md`), markdown);
  writeFileSync(join(folder, `${result.bench}.svg`), svgPlot(result));
}

/** Reads a stored result. */
export function loadResult(bench: string, folder: string = RESULTS_FOLDER): Result {
  return JSON.parse(readFileSync(join(folder, `${bench}.json`), "utf8")) as Result;
}
