import { expect, test } from "bun:test";
import { basename, resolve } from "node:path";
import { bundleOptions } from "../../../tools/bundle.ts";
import { partsOf } from "../../../tools/parts.ts";

const SRC = resolve(import.meta.dir, "../../../src");
const PROGRAM = { entry: `${SRC}/main.ts`, shared: `${SRC}/cli/main.ts` };
const transpiler = new Bun.Transpiler({ loader: "js" });

/** The files of the bundle that are loaded with one of them, itself included. */
function loadedWith(name: string, texts: ReadonlyMap<string, string>): Set<string> {
  const loaded = new Set<string>();
  const open = [name];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const text = texts.get(each);
    if (text === undefined || loaded.has(each)) continue;
    loaded.add(each);
    for (const { path, kind } of transpiler.scanImports(text)) {
      if (kind === "import-statement") open.push(basename(path));
    }
  }
  return loaded;
}

async function filesOf(
  program: typeof PROGRAM | { entry: string },
): Promise<{ first: string; texts: Map<string, string> }> {
  const { outputs } = await Bun.build(bundleOptions(program));
  const texts = new Map<string, string>();
  for (const output of outputs) texts.set(basename(output.path), await output.text());
  return { first: basename(outputs.find(({ kind }) => kind === "entry-point")?.path ?? ""), texts };
}

test("what the plainest run needs is one file, and the one that starts it", async () => {
  const { first, texts } = await filesOf(PROGRAM);
  expect(loadedWith(first, texts).size).toBe(2);
  expect(texts.size).toBeGreaterThan(20);
  const apart = await filesOf({ entry: PROGRAM.entry });
  expect(loadedWith(apart.first, apart.texts).size).toBeGreaterThan(10);
});

test("no part waits for the file that starts it, which waits for parts", async () => {
  const { first, texts } = await filesOf(PROGRAM);
  expect(texts.get(first)).toContain("await ");
  for (const [name, text] of texts) {
    if (name !== first) expect([name, text.includes(first)]).toEqual([name, false]);
  }
});

test("a part is what is loaded by import(), however far from the entry point", () => {
  const parts = [...partsOf(PROGRAM.entry)].map((path) => path.slice(SRC.length + 1));
  expect(parts).toContain("cli/lint.ts");
  expect(parts).toContain("policy/validate.ts"); // from policy/load.ts
  expect(parts).toContain("broker/mount/mount.ts"); // from a part
  expect(parts).not.toContain("cli/run.ts");
});
