import { describe, expect, test } from "bun:test";
import { compileLandlock } from "../../../src/compile/landlock.ts";
import type { FsLayer, Policy } from "../../../src/policy/policy.ts";

const EMPTY: Policy = { version: 1, compat: "strict", without: [], fs_layer: [] };
const host = (abi: number): { abi: number; errata: number } => ({ abi, errata: 0 });

const READ: FsLayer = {
  handled_access_fs: ["read_file", "read_dir"],
  rule: [{ path: "/usr", allowed_access: ["read_file", "read_dir"], optional: false }],
};

test("every run has a ruleset with both scopes where the kernel has them", () => {
  expect(compileLandlock(EMPTY, host(7)).rulesets).toEqual([
    { handledFs: 0, handledNet: 0, scoped: 3, rules: [], key: ["scope"] },
  ]);
  expect(compileLandlock({ ...EMPTY, scope: { allow: ["signal"] } }, host(7)).rulesets[0]?.scoped).toBe(1);
});

test("net and scopes ride in the first file layer", () => {
  const policy: Policy = {
    ...EMPTY,
    fs_layer: [READ, { handled_access_fs: ["execute"], rule: [] }],
    net: {
      handled_access_net: ["bind_tcp", "connect_tcp"],
      rule: [{ port: 443, allowed_access: ["connect_tcp"] }],
    },
  };
  const { rulesets, unsupported, degraded } = compileLandlock(policy, host(7));
  expect(unsupported).toEqual([]);
  expect(degraded).toEqual([]);
  expect(rulesets).toEqual([
    {
      handledFs: 0b1100,
      handledNet: 0b11,
      scoped: 0b11,
      key: ["fs_layer", 0],
      rules: [
        { kind: "path", path: "/usr", access: 0b1100, optional: false, key: ["fs_layer", 0, "rule", 0] },
        { kind: "port", port: 443, access: 0b10, key: ["net", "rule", 0] },
      ],
    },
    { handledFs: 1, handledNet: 0, scoped: 0, key: ["fs_layer", 1], rules: [] },
  ]);
});

test("sixteen layers with net and scopes are sixteen rulesets", () => {
  const policy: Policy = {
    ...EMPTY,
    fs_layer: Array.from({ length: 16 }, () => READ),
    net: { handled_access_net: ["connect_tcp"], rule: [] },
  };
  expect(compileLandlock(policy, host(7)).rulesets).toHaveLength(16);
});

test("a network of no rules is handled, not dropped", () => {
  const policy: Policy = { ...EMPTY, net: { handled_access_net: ["connect_tcp"], rule: [] } };
  expect(compileLandlock(policy, host(5)).rulesets).toEqual([
    { handledFs: 0, handledNet: 2, scoped: 0, rules: [], key: ["net"] },
  ]);
});

describe("a policy that handles nothing still gets a domain", () => {
  const opened: Policy = { ...EMPTY, scope: { allow: ["abstract_unix_socket", "signal"] } };

  test.each([
    [1, 1 << 11],
    [2, 1 << 13],
    [7, 1 << 13],
  ])("on ABI %d", (abi, access) => {
    expect(compileLandlock(opened, host(abi)).rulesets).toEqual([
      {
        handledFs: access,
        handledNet: 0,
        scoped: 0,
        rules: [{ kind: "path", path: "/", access, optional: false, key: [] }],
        key: [],
      },
    ]);
  });

  test("also beneath a root of its own", () => {
    const { rulesets } = compileLandlock({ ...opened, runtime: { root: "/run/root" } }, host(7));
    expect(rulesets[0]?.rules.map((rule) => rule.kind === "path" && rule.path)).toEqual(["/", "/run/root"]);
  });
});

describe("a host that lacks something", () => {
  test("names each right that it lacks, and leaves out what nothing is left of", () => {
    const policy: Policy = {
      ...EMPTY,
      fs_layer: [
        {
          handled_access_fs: ["read_file", "truncate"],
          rule: [
            { path: "/a", allowed_access: ["truncate"], optional: false },
            { path: "/b", allowed_access: ["read_file", "truncate"], optional: true },
          ],
        },
        { handled_access_fs: ["ioctl_dev"], rule: [{ path: "/dev", allowed_access: ["ioctl_dev"], optional: false }] },
      ],
      net: { handled_access_net: ["connect_tcp"], rule: [{ port: 1, allowed_access: ["connect_tcp"] }] },
    };
    const { rulesets, unsupported, degraded } = compileLandlock(policy, host(2));
    expect(rulesets).toEqual([
      {
        handledFs: 1 << 2,
        handledNet: 0,
        scoped: 0,
        key: ["fs_layer", 0],
        rules: [{ kind: "path", path: "/b", access: 1 << 2, optional: true, key: ["fs_layer", 0, "rule", 1] }],
      },
    ]);
    const has = "Landlock ABI 2";
    expect(unsupported).toMatchObject([
      {
        item: "fs_layer[0].handled_access_fs.truncate",
        key: ["fs_layer", 0, "handled_access_fs", 1],
        needs: "Landlock ABI 3 (Linux 6.2)",
        has,
      },
      {
        item: "fs_layer[1].handled_access_fs.ioctl_dev",
        key: ["fs_layer", 1, "handled_access_fs", 0],
        needs: "Landlock ABI 5 (Linux 6.10)",
        has,
      },
      {
        item: "net.handled_access_net.connect_tcp",
        key: ["net", "handled_access_net", 0],
        needs: "Landlock ABI 4 (Linux 6.7)",
        has,
      },
    ]);
    expect(degraded.map((each) => each.item)).toEqual(["scope.abstract_unix_socket", "scope.signal"]);
  });

  test("the next layer carries net and scopes when the first is dropped", () => {
    const policy: Policy = {
      ...EMPTY,
      fs_layer: [{ handled_access_fs: ["resolve_unix"], rule: [] }, READ],
      net: { handled_access_net: ["connect_tcp"], rule: [] },
    };
    expect(compileLandlock(policy, host(7)).rulesets).toMatchObject([
      { key: ["fs_layer", 1], handledFs: 0b1100, handledNet: 2, scoped: 3 },
    ]);
  });

  test("no Landlock at all is one more item, and no ruleset", () => {
    const { rulesets, unsupported } = compileLandlock(EMPTY, host(0));
    expect(rulesets).toEqual([]);
    expect(unsupported).toMatchObject([
      { item: "landlock", key: [], needs: "Landlock ABI 1 (Linux 5.13)", has: "no Landlock" },
    ]);
  });

  test("a scope that the policy opens is no loss", () => {
    const { degraded } = compileLandlock({ ...EMPTY, scope: { allow: ["signal"] } }, host(5));
    expect(degraded.map((each) => each.item)).toEqual(["scope.abstract_unix_socket"]);
  });
});

test("a newer ABI than the table's is used for what the table knows", () => {
  const policy: Policy = { ...EMPTY, fs_layer: [{ handled_access_fs: ["resolve_unix"], rule: [] }] };
  const { rulesets, unsupported } = compileLandlock(policy, host(23));
  expect(unsupported).toEqual([]);
  expect(rulesets[0]?.handledFs).toBe(1 << 16);
});
