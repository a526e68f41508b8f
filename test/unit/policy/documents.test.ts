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

/** Blocks without a version are parts of a policy: they are what is added to the README's. */
const FIRST = /```toml\n(version = 1\n.*?)```/s.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1] ?? "";

const EXAMPLES = DOCUMENTS.flatMap((name) => {
  const blocks = [...readFileSync(join(ROOT, name), "utf8").matchAll(/```toml\n(.*?)```/gs)];
  return blocks.flatMap(([, text = ""], at) => ({
    name: `${name}, example ${at + 1}`,
    text: /^version = 1$/m.test(text) ? text : FIRST + text,
  }));
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
