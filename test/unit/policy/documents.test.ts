import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lintUnhandledWrites } from "../../../src/policy/lint/layers.ts";
import { lintPrograms } from "../../../src/policy/lint/programs.ts";
import { factsOf } from "../../harness/lint.ts";
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
    const { policy } = load(text);
    expect([...lintUnhandledWrites(policy, factsOf({})), ...lintPrograms(policy, factsOf({}))]).toEqual([]);
  });
}
