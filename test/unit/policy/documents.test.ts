import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NO_FACTS } from "../../../src/policy/lint/facts.ts";
import { lint } from "../../../src/policy/lint/lint.ts";
import { load } from "../../harness/policy-text.ts";

const ROOT = join(import.meta.dir, "../../..");
const DOCUMENTS = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith(".md"),
);

const EXAMPLES = DOCUMENTS.flatMap((name) => {
  const blocks = [...readFileSync(join(ROOT, name), "utf8").matchAll(/```toml\n(.*?)```/gs)];
  return blocks.flatMap(([, text = ""], at) =>
    /^version = 1$/m.test(text) ? { name: `${name}, example ${at + 1}`, text } : [],
  );
});

test("the documents show whole policies", () => {
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(2);
});

for (const { name, text } of EXAMPLES) {
  test(`a policy that a document shows is one to copy: ${name}`, () => {
    const loaded = load(text);
    expect(lint(loaded, NO_FACTS)).toEqual([]);
  });
}
