import { expect, test } from "bun:test";
import { lintScratchLinks } from "../../../../src/policy/lint/scratch.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

const BROKER = `[broker]\nscratch = ["/clean", "/work/scratch"]\n`;
const FOUND = ["scratch-linkable broker.scratch.1"];

function found(...layers: readonly string[]): string[] {
  return lintWith(lintScratchLinks, BROKER + layers.join(""), { links: { "/link": "/work/scratch" } });
}

test("scratch-linkable: a folder of the broker's where Landlock lets files be linked in too", () => {
  expect(found(layer("refer make_reg", ["/work", "refer make_reg"]))).toEqual(FOUND);
  expect(found(layer("refer make_reg", ["/work", "refer"], ["/work/scratch/deep", "make_reg"]))).toEqual(FOUND);
  expect(found(layer("refer make_reg", ["/link", "refer make_reg"]))).toEqual(FOUND);
  // Not handled: making files is open everywhere.
  expect(found(layer("refer", ["/work", "refer"]))).toEqual(FOUND);
  expect(found(layer("refer make_reg", ["/work", "refer make_reg"]), layer("refer", ["/", "refer"]))).toEqual(FOUND);
});

test("scratch-linkable: one of the two rights is no link, and neither are both where they don't meet", () => {
  expect(found(layer("refer make_reg", ["/work", "make_reg"]))).toEqual([]);
  expect(found(layer("refer make_reg", ["/work", "refer"]))).toEqual([]);
  expect(found(layer("refer make_reg", ["/work/scratchy", "refer make_reg"]))).toEqual([]);
  expect(found(layer("refer make_reg", ["/work/scratch/a", "refer"], ["/work/scratch/b", "make_reg"]))).toEqual([]);
  // Each layer must grant refer, handled or not; a policy without layers has none that does.
  expect(found(layer("refer make_reg", ["/work", "refer make_reg"]), layer("read_file", ["/", "read_file"]))).toEqual(
    [],
  );
  expect(found()).toEqual([]);
});
