import { expect, test } from "bun:test";
import { lintUnheldMounts, lintWritableSources } from "../../../../src/policy/lint/binds.ts";
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
  const onto = `[mount]\nbind = [{ source = "/data", target = "/data" }]\n${rule("/data", "write_file")}`;
  expect(lintWith(lintWritableSources, onto)).toEqual([]);
  const writable = bind("mount", "bind", ", read_only = false") + rule("/data", "write_file");
  expect(lintWith(lintWritableSources, writable)).toEqual([]);
  const hidden = `[runtime]\nroot = "/r"\n${bind("mount", "bind")}${rule("/data", "write_file")}`;
  expect(lintWith(lintWritableSources, hidden)).toEqual([]);
});

test("mount-in-scratch: a mount that the broker could carry away, and near misses", () => {
  const broker = '[broker]\nscratch = ["/s"]\nexport = ["/e"]\n';
  const mount =
    '[mount]\ntmpfs = ["/s/a", "/t"]\nproc = ["/e/proc"]\n' +
    'bind = [{ source = "/x", target = "/s/b" }, { source = "/x", target = "/s/c", read_only = false }]\n';
  expect(lintWith(lintUnheldMounts, broker + mount)).toEqual([
    "mount-in-scratch mount.tmpfs.0",
    "mount-in-scratch mount.proc.0",
    "mount-in-scratch mount.bind.0.target",
  ]);
});
