import { expect, test } from "bun:test";
import { lintFolderRights, lintMissingPaths } from "../../../../src/policy/lint/files.ts";
import { layer, lintWith } from "../../../harness/lint.ts";

test("folder-right-on-file: a right that only folders have, on what is none", () => {
  const text = layer("read_file read_dir", ["/f", "read_file read_dir"]);
  for (const kind of ["file", "device", "other"] as const) {
    expect(lintWith(lintFolderRights, text, { paths: { "/f": kind } })).toEqual([
      "folder-right-on-file fs_layer.0.rule.0.allowed_access",
    ]);
  }
  for (const kind of ["folder", "missing", "unknown"] as const) {
    expect(lintWith(lintFolderRights, text, { paths: { "/f": kind } })).toEqual([]);
  }
});

test("folder-right-on-file: the rights that a file can have are fine", () => {
  const rights = "execute write_file read_file truncate ioctl_dev resolve_unix";
  expect(lintWith(lintFolderRights, layer(rights, ["/f", rights]), { paths: { "/f": "file" } })).toEqual([]);
});

test("folder-right-on-file: a symlink is what it leads to", () => {
  const host = { paths: { "/real": "file" }, links: { "/link": "/real" } } as const;
  expect(lintWith(lintFolderRights, layer("read_dir", ["/link", "read_dir"]), host).length).toBe(1);
});

test("missing-path: a rule that isn't optional", () => {
  const text = layer("read_file", ["/gone", "read_file"]);
  expect(lintWith(lintMissingPaths, text, { paths: { "/": "folder" } })).toEqual([
    "missing-path fs_layer.0.rule.0.path",
  ]);
  expect(lintWith(lintMissingPaths, text, { paths: { "/gone": "file" } })).toEqual([]);
  expect(lintWith(lintMissingPaths, text, {})).toEqual([]);
  expect(lintWith(lintMissingPaths, text.replace("] }", "], optional = true }"), { paths: {} })).toEqual([]);
});

test("missing-path: sources and targets of mounts, and the root", () => {
  const text = `[runtime]\nroot = "/r"
    [mount]\ntmpfs = ["/t"]\nproc = ["/p"]\nbind = [{ source = "/s", target = "/b" }]
    [broker]\nmount_bind = [{ source = "/bs", target = "/bb" }]`;
  expect(lintWith(lintMissingPaths, text, { paths: {} })).toEqual([
    "missing-path runtime.root",
    "missing-path mount.tmpfs.0",
    "missing-path mount.proc.0",
    "missing-path mount.bind.0.source",
    "missing-path mount.bind.0.target",
    "missing-path broker.mount_bind.0.source",
    "missing-path broker.mount_bind.0.target",
  ]);
  const paths = Object.fromEntries(
    ["/r", "/t", "/p", "/s", "/b", "/bs", "/bb"].map((path) => [path, "folder" as const]),
  );
  expect(lintWith(lintMissingPaths, text, { paths })).toEqual([]);
});

test("missing-path: of a folder and what is in it, only the folder is told", () => {
  const text = `[runtime]\nroot = "/r"\n[mount]\nproc = ["/r/proc"]\n${layer("read_file", ["/r/usr", "read_file"])}`;
  expect(lintWith(lintMissingPaths, text, { paths: {} })).toEqual(["missing-path runtime.root"]);
});

test("missing-path: what a mount will bring isn't looked for", () => {
  const text = `[mount]\nbind = [{ source = "/s", target = "/t" }]\n${layer("read_file", ["/t/x", "read_file"])}`;
  expect(lintWith(lintMissingPaths, text, { paths: { "/s": "folder", "/t": "folder" } })).toEqual([]);
});

test("impossible-path: beneath something that is no folder", () => {
  const text = layer("read_file", ["/etc/passwd/x", "read_file"]);
  const host = { paths: { "/etc": "folder", "/etc/passwd": "file" } } as const;
  expect(lintWith(lintMissingPaths, text, host)).toEqual(["impossible-path fs_layer.0.rule.0.path"]);
});
