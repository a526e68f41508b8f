/**
 * Fills the parts of README.md that come from elsewhere, between `<!-- NAME -->` and `<!-- /NAME -->`: the ABI table
 * from the kernel's rights, the size of the C sources, and the benches' tables from their committed results.
 */
import { existsSync, readFileSync } from "node:fs";
import { loadResult, RESULTS_FOLDER } from "../bench/lib/store.ts";
import { markdownTable, provenance } from "../bench/lib/table.ts";
import { ABI_LINUX, FS_RIGHTS, NET_RIGHTS, PERMISSIONS, SCOPES } from "../src/kernel/landlock.ts";
import { trackedFiles } from "./check/tracked.ts";
import { writeGenerated } from "./generated.ts";

const README = "README.md";
const SECTION = /(<!-- (abi|c-lines|bench:[a-z-]+) -->)[\s\S]*?(<!-- \/\2 -->)/g;

function abiTable(): string {
  const named = [
    ...FS_RIGHTS.map((right) => ({ ...right, text: `\`${right.name}\`` })),
    ...NET_RIGHTS.map((right) => ({ ...right, text: `\`${right.name}\`` })),
    ...SCOPES.map((scope) => ({ ...scope, text: `scope \`${scope.name}\`` })),
  ];
  const rows = Object.entries(ABI_LINUX).map(([abi, linux]) => {
    const rights = named.filter((right) => right.abi === Number(abi)).map((right) => right.text);
    const unnamed = PERMISSIONS.filter((permission) => permission.abi === Number(abi));
    const kept = unnamed.map(({ name }) => `\`${name}\``).join(", ");
    const nothing = `nothing that a policy names${kept === "" ? "" : `: ${kept}, which no run has`}`;
    return `| ${linux} | ${abi} | ${rights.join(", ") || nothing} |`;
  });
  return `| Linux | ABI | what a policy can restrict from here on |\n|---|---|---|\n${rows.join("\n")}`;
}

/** To the nearest hundred: the README is about size, not about every commit. */
function cLines(): string {
  const files = trackedFiles(/^csrc\/.*(?<!\.gen)\.[ch]$/);
  const lines = files.map((name) => readFileSync(name, "utf8").split("\n").length - 1);
  const total = lines.reduce((sum, count) => sum + count, 0);
  return (Math.round(total / 100) * 100).toLocaleString("en-US");
}

function benchSection(bench: string, old: string): string {
  if (!existsSync(`${RESULTS_FOLDER}/${bench}.json`)) return old;
  const result = loadResult(bench);
  return `\n\n${markdownTable(result)}\n${provenance(result)}\n\n`;
}

function section(name: string, old: string): string {
  if (name === "abi") return `\n\n${abiTable()}\n\n`;
  if (name === "c-lines") return cLines();
  return benchSection(name.replace("bench:", ""), old);
}

const text = readFileSync(README, "utf8").replace(SECTION, (whole, open: string, name: string, close: string) => {
  const old = whole.slice(open.length, whole.length - close.length);
  return `${open}${section(name, old)}${close}`;
});

writeGenerated(README, text);
