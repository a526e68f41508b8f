import { expect, test } from "bun:test";
import { lintWrites } from "../../../../src/policy/lint/writes.ts";
import { type Host, layer, lintWith } from "../../../harness/lint.ts";

const HOST: Host = {
  uid: 1000,
  home: "/home/user",
  executable: "/opt/landlockd/bin/landlockd",
  storeFolders: ["/run/user/1000/landlockd-plans"],
  pathFolders: ["/opt/tools/bin"],
  policyFile: "/policies/p.toml",
  paths: { "/src/.git/hooks": "folder" },
};

const RIGHTS = "read_file write_file make_reg remove_file";

function found(path: string, rights = RIGHTS, host: Host = HOST): string[] {
  return lintWith(lintWrites, layer(RIGHTS, [path, rights]), host);
}

/** What a write grant on each path leads to. */
const OUT: readonly (readonly [string, string])[] = [
  ["/policies", "writes-policy"],
  ["/policies/p.toml", "writes-policy"],
  ["/run/user/1000/landlockd-plans", "writes-plan-store"],
  ["/run/user/1000/landlockd-plans/ab", "writes-plan-store"],
  ["/opt/landlockd", "writes-landlockd"],
  ["/home/user/.ssh", "writes-keys"],
  ["/home/user/.ssh/authorized_keys", "writes-keys"],
  ["/home/user/.bashrc", "writes-startup-files"],
  ["/etc/cron.d", "writes-startup-files"],
  ["/opt/tools", "writes-path-folder"],
  ["/opt/tools/bin/x", "writes-path-folder"],
  ["/src", "writes-git-hooks"],
  ["/proc", "writes-proc"],
  ["/proc/sys", "writes-proc"],
  ["/run/docker.sock", "writes-socket"],
  ["/run/user/1000/bus", "writes-socket"],
];

for (const [path, code] of OUT) {
  test(`${code}: a write grant on ${path}`, () => {
    expect(found(path)).toEqual([`${code} fs_layer.0.rule.0.path`]);
    expect(found(path, "read_file")).toEqual([]);
  });
}

test("near misses", () => {
  for (const path of [
    "/policies2",
    "/home/user/.sshx",
    "/home/user/project",
    "/opt/toolsx",
    "/other",
    "/run/docker.sock2",
  ]) {
    expect(found(path)).toEqual([]);
  }
  expect(found("/src", RIGHTS, { ...HOST, paths: {} })).toEqual([]);
});

test("a grant far above reaches everything", () => {
  const codes = found("/").map((line) => line.split(" ")[0]);
  expect(new Set(codes)).toEqual(new Set(OUT.map(([, code]) => code).filter((code) => code !== "writes-git-hooks")));
});

test("a second layer can take back what the first one reaches", () => {
  const text =
    layer(RIGHTS, ["/src", RIGHTS]) + layer("write_file make_reg remove_file", ["/src/out", RIGHTS.slice(10)]);
  expect(lintWith(lintWrites, text, HOST)).toEqual([]);
});

test("paths are compared as what they lead to", () => {
  const host: Host = { ...HOST, links: { "/work": "/home/user/.ssh", "/opt/tools": "/tools" } };
  expect(found("/work", RIGHTS, host)).toEqual(["writes-keys fs_layer.0.rule.0.path"]);
  expect(found("/tools", RIGHTS, host)).toEqual(["writes-path-folder fs_layer.0.rule.0.path"]);
});

test("the broker's lists write too", () => {
  const text = `[broker]\nallow_write = ["/home/user/.bashrc"]\nscratch = ["/s", "/home/user"]\nexport = ["/opt/tools/bin"]`;
  expect(lintWith(lintWrites, text, HOST)).toEqual([
    "writes-startup-files broker.allow_write.0",
    "writes-keys broker.scratch.1",
    "writes-startup-files broker.scratch.1",
    "writes-path-folder broker.export.0",
  ]);
  expect(lintWith(lintWrites, `[broker]\nallow_read = ["/home/user/.ssh/id"]\nscratch = ["/s"]`, HOST)).toEqual([]);
});

test("a rule on a mount point writes what is bound there, unless it is bound read-only", () => {
  const text = (readOnly: boolean): string =>
    `[runtime]\nroot = "/r"\n[mount]\nbind = [{ source = "/src", target = "/r/work", read_only = ${readOnly} }]\n` +
    layer(RIGHTS, ["/r/work", RIGHTS]);
  expect(lintWith(lintWrites, text(false), HOST)).toEqual(["writes-git-hooks fs_layer.0.rule.0.path"]);
  expect(lintWith(lintWrites, text(true), HOST)).toEqual([]);
});

test("with a root of its own, a run doesn't see the host's places", () => {
  const text = `[runtime]\nroot = "/r"\n${layer(RIGHTS, ["/", RIGHTS])}`;
  expect(lintWith(lintWrites, text, HOST)).toEqual([]);
});
