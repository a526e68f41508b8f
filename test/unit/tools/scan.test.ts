import { expect, test } from "bun:test";
import { importsOf } from "../../../tools/check/scan.ts";

test("finds every form of import, types included, with its line", () => {
  const text = [
    'import a from "./a.ts";',
    "import {",
    "  b,",
    '} from "./b.ts";',
    'import type { C } from "./c.ts";',
    'import "./d.ts";',
    'export { e } from "./e.ts";',
    'export * from "./f.ts";',
    'import g from "./g.toml" with { type: "text" };',
    'const late = await import("./h.ts");',
  ].join("\n");
  expect(importsOf(text)).toEqual([
    { specifier: "./a.ts", line: 1 },
    { specifier: "./b.ts", line: 4 },
    { specifier: "./c.ts", line: 5 },
    { specifier: "./d.ts", line: 6 },
    { specifier: "./e.ts", line: 7 },
    { specifier: "./f.ts", line: 8 },
    { specifier: "./g.toml", line: 9 },
    { specifier: "./h.ts", line: 10 },
  ]);
});

test("an export that only mentions from, and text in a string, import nothing", () => {
  expect(importsOf('export const from = "./x.ts";\nconst text = \'from "./y.ts"\';\n')).toEqual([]);
});
