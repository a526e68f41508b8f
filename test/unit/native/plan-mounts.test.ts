/** C refuses mounts out of place: rules must hold on what is mounted, and a root that is prepared is entered. */

import { afterEach, expect, test } from "bun:test";
import { CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER } from "../../../src/kernel/mount.ts";
import type { Failure } from "../../../src/native/become.ts";
import { startState } from "../../../src/native/start.ts";
import { Supervisor } from "../../../src/native/supervisor.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import { STAGES } from "../../../src/plan/layout.ts";
import type { PlanOp } from "../../../src/plan/plan.ts";
import { encodeLaunch } from "../../../src/run/launch.ts";
import { testUnless } from "../../harness/cases.ts";
import { SUITE_IS_ROOT } from "../../harness/user.ts";

const NOT_ROOT = SUITE_IS_ROOT ? undefined : "only root clones into namespaces without a user namespace";
const EINVAL = 22;
const ARCH = process.arch === "x64" ? "x86_64" : "aarch64";
/** BPF_RET | BPF_K with SECCOMP_RET_ALLOW. */
const ALLOW = new Uint8Array([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f]);
const PRIVATE: PlanOp = { kind: "private_mounts" };
const TMPFS: PlanOp = { kind: "tmpfs", b: 0o1777, text: "/mnt" };
const ROOT: PlanOp = { kind: "root", text: "/" };
const SOURCE: PlanOp = { kind: "bind_source", text: "/usr" };
const PIVOT: PlanOp = { kind: "pivot" };
const RULESET: PlanOp = { kind: "ruleset", c: 3 };
const REST: readonly PlanOp[] = [
  { kind: "fork" },
  { kind: "drop_caps" },
  { kind: "no_new_privs" },
  { kind: "restrict" },
  { kind: "restore" },
  { kind: "filter", text: ALLOW },
];
const started: Supervisor[] = [];

function start(namespaces: number, before: readonly PlanOp[], after: readonly PlanOp[] = []): Failure | undefined {
  const plan = encodePlan({ arch: ARCH, namespaces, ops: [...before, RULESET, ...after, ...REST] });
  const argv = [Buffer.from("true")];
  const launch = { argv, env: [], candidates: [Buffer.from("/bin/true")], flags: 0, start: startState() };
  const run = Supervisor.create();
  started.push(run);
  return run.launch(plan, encodeLaunch(launch), 0n) ? undefined : run.failure;
}

afterEach(() => {
  for (const each of started.splice(0)) each.end();
});

/** A plan that checks is tried: what the kernel says to it comes later, over the channel. */
testUnless(NOT_ROOT, "control: mounts in order are taken", () => {
  expect(start(CLONE_NEWNS, [PRIVATE, SOURCE, ROOT, TMPFS, { kind: "bind", text: "/mnt" }], [PIVOT])).toBeUndefined();
  expect(start(CLONE_NEWNS | CLONE_NEWUSER, [{ kind: "identity" }, PRIVATE])).toBeUndefined();
  expect(start(CLONE_NEWNS | CLONE_NEWPID, [PRIVATE, { kind: "proc", text: "/proc" }])).toBeUndefined();
});

const REFUSED: readonly (readonly [string, number, readonly PlanOp[], (readonly PlanOp[])?])[] = [
  ["namespaces that nothing is made private in", CLONE_NEWNS, []],
  ["mounts without a namespace", 0, [PRIVATE, TMPFS]],
  ["mounts that would show outside", CLONE_NEWNS, [TMPFS, PRIVATE]],
  ["a mount after the rules", CLONE_NEWNS, [PRIVATE], [TMPFS]],
  ["a namespace of another kind", CLONE_NEWNS | 0x40000000, [PRIVATE]],
  ["a user namespace with nobody in it", CLONE_NEWNS | CLONE_NEWUSER, [PRIVATE]],
  ["an identity without a user namespace", CLONE_NEWNS, [{ kind: "identity" }, PRIVATE]],
  ["proc without a PID namespace", CLONE_NEWNS, [PRIVATE, { kind: "proc", text: "/proc" }]],
  ["a root that is prepared and not entered", CLONE_NEWNS, [PRIVATE, ROOT]],
  ["a pivot without a root", CLONE_NEWNS, [PRIVATE], [PIVOT]],
  ["a pivot before the rules", CLONE_NEWNS, [PRIVATE, ROOT, PIVOT]],
  ["a second ruleset after the pivot", CLONE_NEWNS, [PRIVATE, ROOT], [PIVOT, RULESET]],
  ["a tree that wasn't taken", CLONE_NEWNS, [PRIVATE, { kind: "bind", text: "/mnt" }]],
  ["a source that is taken from the later root", CLONE_NEWNS, [PRIVATE, ROOT, SOURCE], [PIVOT]],
  ["permission bits that aren't", CLONE_NEWNS, [PRIVATE, { ...TMPFS, b: 0o10000 }]],
  ["a proc of the workload's without a PID namespace", CLONE_NEWNS, [PRIVATE, { kind: "allow_object", flags: 2 }]],
  ["an object of no type", CLONE_NEWNS, [PRIVATE, { kind: "allow_object" }]],
  ["a bind of the workload's of no tree", CLONE_NEWNS, [PRIVATE, { kind: "allow_bind", text: "/mnt" }]],
];

for (const [name, namespaces, before, after] of REFUSED) {
  test(`refused: ${name}`, () => {
    expect(start(namespaces, before, after)).toMatchObject({ stage: STAGES.plan, errno: EINVAL });
  });
}
