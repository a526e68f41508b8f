import { expect, test } from "bun:test";
import { lintShadowedGrants, lintUnhandledWrites } from "../../../../src/policy/lint/layers.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

const first = (...rules: [string, string][]): string => layer("read_file execute", ...rules);

test("shadowed-grant: two allowlists written as two layers", () => {
  const text = first(["/usr", "read_file"]) + first(["/home", "read_file"]);
  expect(lintWith(lintShadowedGrants, text)).toEqual([
    "shadowed-grant fs_layer.0.rule.0",
    "shadowed-grant fs_layer.1.rule.0",
  ]);
});

test("shadowed-grant: one layer, however many rules, shadows nothing", () => {
  expect(lintWith(lintShadowedGrants, first(["/usr", "read_file"], ["/home", "read_file"]))).toEqual([]);
});

test("shadowed-grant: a layer that doesn't handle the right takes nothing away", () => {
  const text = first(["/usr", "read_file"]) + layer("write_file", ["/home", "write_file"]);
  expect(lintWith(lintShadowedGrants, text)).toEqual([]);
});

test("shadowed-grant: granted at the path, above it, or beneath it in the other layer is usable", () => {
  for (const path of ["/usr", "/", "/usr/share"]) {
    expect(lintWith(lintShadowedGrants, first(["/usr", "read_file"]) + first([path, "read_file"]))).toEqual([]);
  }
  const sibling = first(["/usr", "read_file"]) + first(["/usrlocal", "read_file"]);
  expect(lintWith(lintShadowedGrants, sibling).length).toBe(2);
});

test("shadowed-grant: refer is denied by a layer that doesn't even handle it", () => {
  const refer = layer("refer", ["/src", "refer"]);
  expect(lintWith(lintShadowedGrants, refer + layer("write_file", ["/src", "write_file"]))).toEqual([
    "shadowed-grant fs_layer.0.rule.0",
  ]);
  expect(lintWith(lintShadowedGrants, refer + layer("refer", ["/src", "refer"]))).toEqual([]);
});

test("shadowed-grant: only the right that is lost", () => {
  const text = first(["/usr", "read_file execute"]) + first(["/usr", "read_file"]);
  expect(lintWith(lintShadowedGrants, text)).toEqual(["shadowed-grant fs_layer.0.rule.0"]);
});

test("shadowed-grant: paths are compared as what they lead to", () => {
  const text = first(["/lib", "read_file"]) + first(["/usr/lib", "read_file"]);
  expect(lintWith(lintShadowedGrants, text, { links: { "/lib": "/usr/lib" } })).toEqual([]);
  expect(lintWith(lintShadowedGrants, text).length).toBe(2);
});

test("shadowed-grant: ten thousand rules in two layers are compared in no time", () => {
  const rules = Array.from({ length: 5000 }, (_, index): [string, string] => [`/a/${index}`, "read_file"]);
  const text = first(...rules) + first(["/b", "read_file"]);
  expect(lintWith(lintShadowedGrants, text).length).toBe(5001);
}, 5000);

const WRITES = "write_file truncate remove_dir remove_file make_dir make_reg make_sock make_fifo make_sym";

test("unhandled-write: a write right that no layer handles", () => {
  expect(lintWith(lintUnhandledWrites, layer(WRITES.replace("truncate ", "")))).toEqual([
    "unhandled-write fs_layer.0.handled_access_fs",
  ]);
  expect(lintWith(lintUnhandledWrites, layer(WRITES))).toEqual([]);
  expect(lintWith(lintUnhandledWrites, layer("write_file") + layer(WRITES.replace("write_file ", "")))).toEqual([]);
});

test("unhandled-write: a policy without layers", () => {
  expect(lintWith(lintUnhandledWrites, "")).toEqual(["unhandled-write "]);
});
