import { expect, test } from "bun:test";
import { codes, load, refusal } from "../../../harness/policy-text.ts";

const layer = (rights: string, rules: string): string =>
  `[[fs_layer]]\nhandled_access_fs = [${rights}]\nrule = [${rules}]\n`;

test("right-not-handled: a right of a rule that its own layer doesn't handle", () => {
  const rule = '{ path = "/a", allowed_access = ["execute", "read_file"] }';
  const { findings } = refusal(`version = 1\n${layer('"execute"', rule)}${layer('"read_file"', "")}`);
  expect(findings.map(({ code, key }) => [code, key.join(".")])).toEqual([
    ["right-not-handled", "fs_layer.0.rule.0.allowed_access.1"],
  ]);
  load(`version = 1\n${layer('"execute", "read_file"', rule)}`);
});

test("right-not-handled: ports too", () => {
  const net = (handled: string): string =>
    `version = 1\n[net]\nhandled_access_net = [${handled}]\nrule = [{ port = 1, allowed_access = ["connect_tcp"] }]`;
  expect(codes(net('"bind_tcp"'))).toEqual(["right-not-handled"]);
  load(net('"bind_tcp", "connect_tcp"'));
});

test("too-many-layers: more than the kernel takes", () => {
  load(`version = 1\n${layer('"execute"', "").repeat(16)}`);
  expect(codes(`version = 1\n${layer('"execute"', "").repeat(17)}`)).toEqual(["too-many-layers"]);
});

test("export-without-scratch", () => {
  expect(codes('version = 1\n[broker]\nexport = ["/out"]')).toEqual(["export-without-scratch"]);
  load('version = 1\n[broker]\nexport = ["/out"]\nscratch = ["/work"]');
  load("version = 1\n[broker]\nexport = []");
});

test("duplicate-object-name", () => {
  const object = (name: string): string => `{ name = "${name}", fs_type = "tmpfs", attach = ["/x"] }`;
  const policy = (...names: string[]): string => `version = 1\n[broker]\nmount_object = [${names.map(object).join()}]`;
  expect(codes(policy("a", "b", "a", "a"))).toEqual(["duplicate-object-name", "duplicate-object-name"]);
  load(policy("a", "b"));
});

test("mount-shadowed: one target twice, of whatever kind", () => {
  expect(codes('version = 1\n[mount]\ntmpfs = ["/a", "/a"]')).toEqual(["mount-shadowed"]);
  expect(codes('version = 1\n[mount]\ntmpfs = ["/a/"]\nproc = ["/a"]')).toEqual(["mount-shadowed"]);
});

test("mount-shadowed: a target beneath a tmpfs or a proc, in whatever order", () => {
  const bind = 'bind = [{ source = "/s", target = "/a/b" }]';
  expect(codes(`version = 1\n[mount]\ntmpfs = ["/a"]\n${bind}`)).toEqual(["mount-shadowed"]);
  expect(codes('version = 1\n[mount]\ntmpfs = ["/a/b", "/a"]')).toEqual(["mount-shadowed"]);
  expect(codes('version = 1\n[mount]\nproc = ["/a"]\ntmpfs = ["/a/b"]')).toEqual(["mount-shadowed"]);
  load(`version = 1\n[mount]\ntmpfs = ["/ab"]\n${bind}`);
  load(`version = 1\n[mount]\nbind = [{ source = "/s", target = "/a" }, { source = "/t", target = "/a/b" }]`);
});

test("unknown-syscall: a name that no supported architecture has", () => {
  const { findings } = refusal('version = 1\n[seccomp]\ndeny = ["opne", "open"]');
  expect(findings.map(({ code, key, hint }) => [code, key.at(-1), hint])).toEqual([
    ["unknown-syscall", 0, 'did you mean "open"?'],
  ]);
  load('version = 1\n[seccomp]\ndeny = ["openat", "fork"]');
});

test("unknown-protection: a name that nothing stands behind", () => {
  expect(codes('version = 1\n[seccomp]\nallow = ["read"]')).toEqual(["unknown-protection"]);
  load('version = 1\n[seccomp]\nallow = ["keyctl", "ioctl.TIOCSTI"]');
});
