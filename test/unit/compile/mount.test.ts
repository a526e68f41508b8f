import { describe, expect, test } from "bun:test";
import { compile } from "../../../src/compile/compile.ts";
import { compileMounts, mountNeed } from "../../../src/compile/mount.ts";
import type { Host } from "../../../src/kernel/host.ts";
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, MOUNT_CALLS } from "../../../src/kernel/mount.ts";
import { MAX_BINDS } from "../../../src/plan/layout.ts";
import type { PlanOp } from "../../../src/plan/plan.ts";
import type { Broker, Mount, Policy } from "../../../src/policy/policy.ts";
import { HOST, NO_BROKER } from "../../harness/host.ts";

const EMPTY: Policy = { version: 1, compat: "strict", without: [], fs_layer: [] };
const NO_MOUNTS: Mount = { tmpfs: [], proc: [], bind: [] };
const USER: Host = { ...HOST, uid: 1000 };
const ROOT: Host = { ...USER, uid: 0, capabilities: 1n << 21n };

const withMounts = (mount: Partial<Mount>, more: Partial<Policy> = {}): Policy => ({
  ...EMPTY,
  ...more,
  mount: { ...NO_MOUNTS, ...mount },
});
const withBroker = (broker: Partial<Broker>, more: Partial<Policy> = {}): Policy => ({
  ...EMPTY,
  ...more,
  broker: { ...NO_BROKER, ...broker },
});
const short = (ops: readonly PlanOp[]): string[] =>
  ops.map(({ kind, text }) => (typeof text === "string" ? `${kind} ${text}` : kind));

test("a policy without mounts needs no namespace, and neither do empty tables", () => {
  for (const policy of [EMPTY, withMounts({}), withBroker({}), { ...EMPTY, runtime: { cwd: "/" } }]) {
    expect(mountNeed(policy)).toBeUndefined();
    expect(compileMounts(policy, USER)).toEqual({ namespaces: 0, before: [], after: [], traps: [], unsupported: [] });
  }
});

test("who can't mount gets a user namespace; who can gets none", () => {
  const policy = withMounts({ tmpfs: [{ path: "/mnt" }] });
  expect(compileMounts(policy, USER).namespaces).toBe(CLONE_NEWNS | CLONE_NEWUSER);
  expect(short(compileMounts(policy, USER).before)).toEqual(["identity", "private_mounts", "tmpfs /mnt", "enter_cwd"]);
  expect(compileMounts(policy, ROOT).namespaces).toBe(CLONE_NEWNS);
  expect(short(compileMounts(policy, ROOT).before)).toEqual(["private_mounts", "tmpfs /mnt", "enter_cwd"]);
});

test("only proc, mounted or declared for the workload, takes a PID namespace", () => {
  const object = { name: "p", attach: ["/mnt"], attrs: [] } as const;
  expect(compileMounts(withMounts({ proc: ["/proc"] }), ROOT).namespaces).toBe(CLONE_NEWNS | CLONE_NEWPID);
  const proc = withBroker({ mount_object: [{ ...object, fs_type: "proc" }] });
  expect(compileMounts(proc, ROOT).namespaces).toBe(CLONE_NEWNS | CLONE_NEWPID);
  const tmpfs = withBroker({ mount_object: [{ ...object, fs_type: "tmpfs" }] });
  expect(compileMounts(tmpfs, ROOT).namespaces).toBe(CLONE_NEWNS);
});

test("sources are taken first, outer targets come before inner ones, rules before the pivot", () => {
  const policy = withMounts(
    {
      tmpfs: [{ path: "/r/a/b/c", size: 4096, mode: 0o700 }],
      proc: ["/r/proc"],
      bind: [
        { source: "/s1", target: "/r/a/b", read_only: false },
        { source: "/s2", target: "/r/a", read_only: true },
      ],
    },
    { runtime: { root: "/r", cwd: "/a" } },
  );
  const { plan } = compile(policy, ROOT);
  expect(short(plan.ops)).toEqual([
    "private_mounts",
    "bind_source /s1",
    "bind_source /s2",
    "root /r",
    "bind /r/a",
    "proc /r/proc",
    "bind /r/a/b",
    "tmpfs /r/a/b/c",
    "ruleset",
    "pivot",
    "fork",
    "cwd /a",
    "drop_caps",
    "no_new_privs",
    "restrict",
    "restore",
    "filter",
  ]);
  const ofKind = (kind: string): PlanOp[] => plan.ops.filter((op) => op.kind === kind);
  expect(ofKind("bind").map(({ a, text }) => [a, text])).toEqual([
    [1, "/r/a"],
    [0, "/r/a/b"],
  ]);
  expect(ofKind("bind_source").map(({ flags }) => flags)).toEqual([0, 1]);
  expect(ofKind("tmpfs")).toMatchObject([{ a: 4096, b: 0o700, key: ["mount", "tmpfs", 0] }]);
});

describe("mounts of the workload's own", () => {
  const broker: Partial<Broker> = {
    mount_tmpfs: ["/r/tmp", "/elsewhere", "/r"],
    mount_bind: [{ source: "/s", target: "/r/mnt", read_only: true }],
    mount_object: [{ name: "scratch", fs_type: "tmpfs", attach: ["/r/x", "/out"], attrs: ["readonly"] }],
  };

  test("targets are paths inside the root; one outside it, or the root itself, is nowhere", () => {
    const plan = compileMounts(
      {
        ...withBroker(broker),
        mount: { ...NO_MOUNTS, bind: [{ source: "/t", target: "/r/t", read_only: true }] },
        runtime: { root: "/r" },
      },
      ROOT,
    );
    expect(short(plan.before)).toEqual([
      "private_mounts",
      "bind_source /t",
      "bind_source /s",
      "root /r",
      "bind /r/t",
      "allow_tmpfs /tmp",
      "allow_bind /mnt",
      "allow_object",
      "allow_attach /x",
    ]);
    expect(plan.before.find(({ kind }) => kind === "allow_bind")).toMatchObject({ a: 1, flags: 1 });
  });

  test("their calls are trapped, and not denied: ERRNO would outrank the broker", () => {
    const { plan, report } = compile(withBroker({ mount_tmpfs: ["/tmp"] }), ROOT);
    const filters = plan.ops.filter(({ kind }) => kind === "filter");
    expect(filters).toHaveLength(2);
    expect(filters[1]?.text).not.toEqual(compile(EMPTY, ROOT).plan.ops.at(-1)?.text);
    expect(compileMounts(withBroker({ mount_tmpfs: ["/tmp"] }), ROOT).traps).toEqual(MOUNT_CALLS);
    expect(report.supervised).toEqual(["namespaces", "broker"]);
  });

  test("without a listener nothing of it is opened", () => {
    const deaf: Host = { ...ROOT, seccomp: { filter: true, notify: false } };
    const { plan, report } = compile(withBroker({ mount_tmpfs: ["/tmp"] }), deaf);
    expect(plan.ops.at(-1)?.text).toEqual(compile(EMPTY, ROOT).plan.ops.at(-1)?.text);
    expect(report.unsupported.map(({ item }) => item)).toEqual(["broker"]);
  });
});

test("a host that refuses is told with its reason, and nothing is mounted", () => {
  const host: Host = { ...USER, namespaces: { refusal: "none (a sysctl)" } };
  const { namespaces, before, unsupported } = compileMounts(withMounts({ proc: ["/proc"] }), host);
  expect({ namespaces, before }).toEqual({ namespaces: 0, before: [] });
  expect(unsupported).toEqual([
    { item: "mount", key: ["mount"], needs: "an unprivileged user namespace", has: "none (a sysctl)" },
  ]);
});

test("more binds than the keeper holds are told by number", () => {
  const bind = Array.from({ length: MAX_BINDS + 1 }, (_, at) => ({
    source: "/s",
    target: `/t/${at}`,
    read_only: true,
  }));
  expect(compileMounts(withMounts({ bind }), ROOT).unsupported).toMatchObject([
    { item: "mount.bind", needs: `at most ${MAX_BINDS} binds`, has: `${MAX_BINDS + 1}` },
  ]);
});
