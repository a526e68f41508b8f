import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LINT_CODES, LOAD_CODES } from "../../../src/policy/codes.ts";

const SOURCE = join(import.meta.dir, "../../../src/policy");

/** Codes as the sources give them: the first argument of `error` and `warning`, or a property of that name. */
function codesInSource(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file === "codes.ts") continue;
    const text = readFileSync(join(SOURCE, file), "utf8");
    for (const [, code = ""] of text.matchAll(/\b(?:error|warning|fail)\(\s*"([a-z0-9-]+)"/g)) found.set(code, file);
    for (const [, code = ""] of text.matchAll(/\bcode(?: =|:) "([a-z0-9-]+)"/g)) found.set(code, file);
  }
  return found;
}

test("every code that a finding can have is documented, and no other", () => {
  const listed = [...LOAD_CODES, ...LINT_CODES].map(({ code }) => code);
  const assigned = ["too-deep", "syntax"];
  expect([...new Set([...codesInSource().keys(), ...assigned])].sort()).toEqual(listed.sort());
});
