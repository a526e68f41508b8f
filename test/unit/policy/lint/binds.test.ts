import { expect, test } from "bun:test";
import { lintWritableSources } from "../../../../src/policy/lint/binds.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

const bind = (table: string, key: string, more = ""): string =>
  `[${table}]\n${key} = [{ source = "/data", target = "/view"${more} }]\n`;

test("writable-bind-source: a rule writes what a read-only bind shows", () => {
  for (const path of ["/data", "/data/sub", "/"]) {
    const rules = layer("write_file read_file", [path, "write_file"]);
    expect(lintWith(lintWritableSources, bind("mount", "bind") + rules)).toEqual([
      "writable-bind-source fs_layer.0.rule.0.path",
    ]);
    expect(lintWith(lintWritableSources, bind("broker", "mount_bind") + rules).length).toBe(1);
  }
});

test("writable-bind-source: near misses", () => {
  const rule = (path: string, right: string): string => layer("write_file read_file", [path, right]);
  expect(lintWith(lintWritableSources, bind("mount", "bind") + rule("/data", "read_file"))).toEqual([]);
  expect(lintWith(lintWritableSources, bind("mount", "bind") + rule("/database", "write_file"))).toEqual([]);
  const writable = bind("mount", "bind", ", read_only = false") + rule("/data", "write_file");
  expect(lintWith(lintWritableSources, writable)).toEqual([]);
  const hidden = `[runtime]\nroot = "/r"\n${bind("mount", "bind")}${rule("/data", "write_file")}`;
  expect(lintWith(lintWritableSources, hidden)).toEqual([]);
});
