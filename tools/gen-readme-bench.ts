/**
 * Puts the benches' tables into README.md, between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. They come from the
 * committed results, so a reader sees what was measured; `--check` finds a table that was edited or left behind.
 */
import { readFileSync } from "node:fs";
import { loadResult } from "../bench/lib/store.ts";
import { markdownTable, provenance } from "../bench/lib/table.ts";
import { writeGenerated } from "./generated.ts";

const README = "README.md";
const SECTION = /(<!-- bench:([a-z-]+) -->\n)[\s\S]*?(<!-- \/bench:\2 -->)/g;

const text = readFileSync(README, "utf8").replace(SECTION, (_, open: string, bench: string, close: string) => {
  const result = loadResult(bench);
  return `${open}\n${markdownTable(result)}\n${provenance(result)}\n\n${close}`;
});

writeGenerated(README, text);
