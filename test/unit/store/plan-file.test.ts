/** What a plan file says of itself, and on which hosts it fits: hosts that aren't at hand. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../../src/base/errors.ts";
import { compile } from "../../../src/compile/compile.ts";
import type { Host } from "../../../src/kernel/host.ts";
import type { Policy } from "../../../src/policy/policy.ts";
import { encodePlanFile, type PlanFile, readPlanFile } from "../../../src/store/plan-file.ts";
import { misfit } from "../../../src/store/plan-host.ts";
import { HOST } from "../../harness/host.ts";

const folder = mkdtempSync(join(tmpdir(), "plan-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

const BUILD = new Uint8Array(32).fill(7);
const FS: Policy = {
  version: 1,
  compat: "strict",
  without: [],
  fs_layer: [{ handled_access_fs: ["truncate"], rule: [] }],
};
const TMPFS: Policy = { ...FS, mount: { tmpfs: [{ path: "/mnt" }], proc: [], bind: [] } };

function withAbi(abi: number): Host {
  return { ...HOST, landlock: { abi, errata: 0, errno: 0 } };
}

function withCapabilities(capabilities: bigint, refusal?: string): Host {
  return { ...HOST, capabilities, namespaces: refusal === undefined ? {} : { refusal } };
}

const SYS_ADMIN = withCapabilities(1n << 21n);
const USER = withCapabilities(0n);

function bytesOf(policy: Policy, host: Host, uid?: number): Uint8Array {
  const { plan } = compile(policy, host);
  const bytes = encodePlanFile({ plan, policy, text: new Uint8Array(), host, uid, build: BUILD });
  if (bytes === undefined) throw new Error("too large");
  return bytes;
}

function through(policy: Policy, host: Host, uid?: number): PlanFile {
  const path = join(folder, "plan");
  writeFileSync(path, bytesOf(policy, host, uid));
  return readPlanFile(path, BUILD);
}

const saying = (file: PlanFile, host: Host, uid = 0): string | undefined => misfit(file, host, uid)?.message;

test("a plan comes back as it was compiled", () => {
  const { plan } = compile(TMPFS, USER);
  const file = through(TMPFS, USER, 1000);
  expect(file.plan.ops.map(({ key: _, ...op }) => op)).toEqual(
    plan.ops.map(({ key: _, flags, a, b, ...op }) => ({
      ...op,
      ...(flags ? { flags } : {}),
      ...(a ? { a } : {}),
      ...(b ? { b } : {}),
    })) as never,
  );
  expect([file.plan.arch, file.plan.namespaces, file.uid]).toEqual([plan.arch, plan.namespaces, 1000]);
  // Operations are told apart by their keys (mount-events.ts).
  expect(new Set(file.plan.ops.map(({ key }) => key)).size).toBe(plan.ops.length);
});

test("the least ABI is that of the newest right or scope in the plan", () => {
  expect(through(FS, withAbi(7)).neededAbi).toBe(6);
  expect(through(FS, withAbi(5)).neededAbi).toBe(3);
  const open: Policy = { ...FS, scope: { allow: ["abstract_unix_socket", "signal"] } };
  expect(through(open, withAbi(7)).neededAbi).toBe(3);
  const net: Policy = { ...open, net: { handled_access_net: ["connect_send_udp"], rule: [] } };
  expect(through(net, withAbi(10)).neededAbi).toBe(10);
});

test("a plan is refused by less Landlock than it needs, and taken by any that has no more to give", () => {
  const file = through(FS, withAbi(7));
  for (const abi of [6, 7, 8, 10, 12]) expect([abi, saying(file, withAbi(abi))]).toEqual([abi, undefined]);
  expect(saying(file, withAbi(5))).toBe("the plan needs Landlock ABI 6 (Linux 6.12); this host has Landlock ABI 5");
  expect(saying(file, withAbi(0))).toBe("the plan needs Landlock ABI 6 (Linux 6.12); this host has no Landlock");
});

test("what was compiled without scopes is refused where there are some, but for those that the policy opens", () => {
  const file = through(FS, withAbi(5));
  for (const abi of [3, 4, 5]) expect(saying(file, withAbi(abi))).toBeUndefined();
  expect(saying(file, withAbi(6))).toMatch(/ABI 5 .*ABI 6, .*scope\.abstract_unix_socket, scope\.signal$/);
  expect(saying(through({ ...FS, scope: { allow: ["signal"] } }, withAbi(5)), withAbi(6))).toMatch(
    /a run also gets scope\.abstract_unix_socket$/,
  );
  const open: Policy = { ...FS, scope: { allow: ["abstract_unix_socket", "signal"] } };
  expect(saying(through(open, withAbi(5)), withAbi(6))).toBeUndefined();
});

test("mounts are as they would be compiled, or not at all", () => {
  expect(saying(through(TMPFS, USER), USER)).toBeUndefined();
  expect(saying(through(TMPFS, SYS_ADMIN), SYS_ADMIN)).toBeUndefined();
  expect(saying(through(TMPFS, USER), SYS_ADMIN)).toContain("without CAP_SYS_ADMIN, and this one has it");
  expect(saying(through(TMPFS, SYS_ADMIN), USER)).toContain("with CAP_SYS_ADMIN, and this one lacks it");
  expect(saying(through(TMPFS, USER), withCapabilities(0n, "none (sysctl)"))).toBe(
    "the plan needs an unprivileged user namespace; this host has none (sysctl)",
  );
  // Without mounts nobody asks.
  expect(saying(through(FS, USER), SYS_ADMIN)).toBeUndefined();
});

test("a kernel without seccomp filters, and another user", () => {
  expect(saying(through(FS, HOST), { ...HOST, seccomp: { filter: false, notify: false } })).toContain(
    "seccomp filters",
  );
  expect(saying(through(FS, HOST, 1000), HOST, 1000)).toBeUndefined();
  expect(saying(through(FS, HOST, 1000), HOST, 0)).toBe("the plan has ${UID} of user 1000 in it, and this is user 0");
});

test("no byte can be changed, and none be missing", () => {
  const path = join(folder, "changed");
  const intact = bytesOf(FS, HOST);
  for (let at = 0; at < intact.length; at++) {
    const changed = intact.slice();
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(path, changed);
    expect(() => readPlanFile(path, BUILD)).toThrow(UsageError);
    if (at % 16 !== 0) continue;
    writeFileSync(path, intact.subarray(0, at));
    expect(() => readPlanFile(path, BUILD)).toThrow(UsageError);
  }
  writeFileSync(path, intact);
  expect(readPlanFile(path, BUILD).abi).toBe(7);
  expect(() => readPlanFile(path, new Uint8Array(32))).toThrow(/another build/);
  expect(() => readPlanFile(path, undefined)).toThrow(/without its front/);
});

test("a plan that is too large is none", () => {
  const rule = Array.from({ length: 20_000 }, (_, at) => ({
    path: `/${"x".repeat(200)}/${at}`,
    allowed_access: ["truncate" as const],
    optional: false,
  }));
  const policy: Policy = { ...FS, fs_layer: [{ handled_access_fs: ["truncate"], rule }] };
  const { plan } = compile(policy, HOST);
  expect(
    encodePlanFile({ plan, policy, text: new Uint8Array(), host: HOST, uid: undefined, build: BUILD }),
  ).toBeUndefined();
});
