import { expect, test } from "bun:test";
import { lintPrograms } from "../../../../src/policy/lint/programs.ts";
import { type Host, layer, lintWith } from "../../../harness/lint.ts";

const KEY = "fs_layer.0.handled_access_fs";

test("no-program: execute or read_file is granted nowhere, or never both in one place", () => {
  for (const rules of [
    [],
    [["/usr", "execute"]],
    [
      ["/usr", "execute"],
      ["/lib", "read_file"],
    ],
  ] as [string, string][][]) {
    expect(lintWith(lintPrograms, layer("execute read_file", ...rules))).toEqual([`no-program ${KEY}`]);
  }
});

test("no-program: both in one place, or both together from above and beneath", () => {
  expect(lintWith(lintPrograms, layer("execute read_file", ["/usr", "execute read_file"]))).toEqual([]);
  expect(lintWith(lintPrograms, layer("execute read_file", ["/", "read_file"], ["/usr", "execute"]))).toEqual([]);
  expect(lintWith(lintPrograms, layer("execute", ["/usr", "execute"]))).toEqual([]);
  expect(lintWith(lintPrograms, layer("write_file"))).toEqual([]);
  expect(lintWith(lintPrograms, "")).toEqual([]);
});

test("no-program: in every layer that handles them", () => {
  const text = layer("execute read_file", ["/usr", "execute read_file"]) + layer("execute", ["/opt", "execute"]);
  expect(lintWith(lintPrograms, text)).toEqual([`no-program ${KEY}`]);
});

test("no-program: execve itself is denied", () => {
  expect(lintWith(lintPrograms, '[seccomp]\ndeny = ["socket", "execve"]')).toEqual(["no-program seccomp.deny.1"]);
});

const LOADER = "/lib64/ld-linux-x86-64.so.2";
const HOST: Host = { arch: "x86_64", paths: { "/usr/lib/ld.so": "file" }, links: { [LOADER]: "/usr/lib/ld.so" } };

test("no-loader: programs are granted, and not the loader that they name", () => {
  const text = layer("execute read_file", ["/usr/bin", "execute read_file"]);
  expect(lintWith(lintPrograms, text, HOST)).toEqual([`no-loader ${KEY}`]);
  expect(lintWith(lintPrograms, text, { paths: {} })).toEqual([]);
});

test("no-loader: granted on what the loader's name leads to", () => {
  expect(lintWith(lintPrograms, layer("execute read_file", ["/usr", "execute read_file"]), HOST)).toEqual([]);
});

test("no-loader: looked for inside of the root", () => {
  const host: Host = { paths: { [`/r${LOADER}`]: "file" } };
  const text = (path: string): string =>
    `[runtime]\nroot = "/r"\n${layer("execute read_file", [path, "execute read_file"])}`;
  expect(lintWith(lintPrograms, text("/r/bin"), host)).toEqual([`no-loader ${KEY}`]);
  expect(lintWith(lintPrograms, text("/r"), host)).toEqual([]);
});
