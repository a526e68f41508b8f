import { expect, test } from "bun:test";
import { lintChangeablePaths } from "../../../../src/policy/lint/closed.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

const NAMES = "make_sym make_dir remove_dir read_file write_file";

test("changeable-path: what lies beneath a folder whose names may be changed", () => {
  for (const rights of ["make_sym", "make_dir remove_dir", NAMES]) {
    const rules = layer(NAMES, ["/work", rights], ["/work/tmp", "read_file"], ["/works", "read_file"]);
    expect(lintWith(lintChangeablePaths, rules)).toEqual(["changeable-path fs_layer.0.rule.1.path"]);
  }
});

test("changeable-path: by a link elsewhere, by a bind, by the broker", () => {
  const linked = layer(NAMES, ["/work", NAMES], ["/home/dotfiles", "read_file"]);
  expect(lintWith(lintChangeablePaths, linked, { links: { "/home/dotfiles": "/work/dotfiles" } })).toEqual([
    "changeable-path fs_layer.0.rule.1.path",
  ]);
  const bound = '[mount]\nbind = [{ source = "/data", target = "/view", read_only = false }]\ntmpfs = ["/data/tmp"]\n';
  expect(lintWith(lintChangeablePaths, bound + layer(NAMES, ["/view", NAMES]))).toEqual([
    "changeable-path mount.tmpfs.0",
  ]);
  const broker = '[broker]\nscratch = ["/scratch", "/scratch/in"]\nallow_read = ["/scratch/file"]\n';
  expect(lintWith(lintChangeablePaths, broker)).toEqual([
    "changeable-path broker.scratch.1",
    "changeable-path broker.allow_read.0",
  ]);
});

test("changeable-path: near misses", () => {
  for (const rights of ["write_file", "make_dir", "remove_dir", "read_file"]) {
    const rules = layer(NAMES, ["/work", rights], ["/work/tmp", "read_file"]);
    expect(lintWith(lintChangeablePaths, rules)).toEqual([]);
  }
  const both = layer(NAMES, ["/work", NAMES], ["/work/tmp", "read_file"]);
  expect(lintWith(lintChangeablePaths, both + layer(NAMES, ["/work", "read_file"]))).toEqual([]);
  expect(lintWith(lintChangeablePaths, both, { cwd: "/work/tmp" })).toEqual([]);
  const root = `runtime.root = "/root"\n${both}`;
  expect(lintWith(lintChangeablePaths, root)).toEqual([]);
});
