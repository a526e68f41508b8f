/** C refuses, before anything is forked, every plan that would run its workload with less than every run gets. */

import { afterEach, expect, test } from "bun:test";
import type { Failure } from "../../../src/native/become.ts";
import { startState } from "../../../src/native/start.ts";
import { Supervisor } from "../../../src/native/supervisor.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import { HEADER, OP, STAGES } from "../../../src/plan/layout.ts";
import type { PlanOp } from "../../../src/plan/plan.ts";
import { encodeLaunch } from "../../../src/run/launch.ts";

/** allow: one instruction, BPF_RET | BPF_K with SECCOMP_RET_ALLOW. */
const ALLOW = new Uint8Array([0x06, 0, 0, 0, 0, 0, 0xff, 0x7f]);

const OPS: readonly PlanOp[] = [
  { kind: "ruleset", a: 4 },
  { kind: "rule_path", a: 4, text: "/usr" },
  { kind: "fork" },
  { kind: "drop_caps" },
  { kind: "no_new_privs" },
  { kind: "restrict" },
  { kind: "restore" },
  { kind: "filter", text: ALLOW },
];

const ARCH = process.arch === "x64" ? "x86_64" : "aarch64";
const started: Supervisor[] = [];

function start(plan: Uint8Array): Failure | undefined {
  const launch = encodeLaunch({
    argv: [Buffer.from("true")],
    env: [],
    candidates: [Buffer.from("/bin/true")],
    flags: 0,
    start: startState(),
  });
  const run = Supervisor.create();
  started.push(run);
  return run.launch(plan, launch, 0n) ? undefined : run.failure;
}

function tryOps(ops: readonly PlanOp[]): Failure | undefined {
  return start(encodePlan({ arch: ARCH, namespaces: 0, ops }));
}

const EINVAL = 22;

function expectRefused(result: Failure | undefined): void {
  expect(result).toMatchObject({ stage: STAGES.plan, errno: EINVAL });
}

afterEach(() => {
  for (const each of started.splice(0)) each.end();
});

test("control: the whole plan is taken", () => {
  expect(tryOps(OPS)).toBeUndefined();
});

for (const [index, { kind }] of OPS.entries()) {
  if (kind === "rule_path") continue;
  test(`a plan without ${kind} is refused`, () => {
    expectRefused(tryOps(OPS.toSpliced(index, 1)));
  });
}

for (let index = 0; index + 1 < OPS.length; index++) {
  const [first, second] = [OPS[index], OPS[index + 1]] as const;
  if (first === undefined || second === undefined) continue;
  test(`${second.kind} before ${first.kind} is refused`, () => {
    expectRefused(tryOps(OPS.with(index, second).with(index + 1, first)));
  });
}

test("a second ruleset that nobody enforces is refused", () => {
  expectRefused(tryOps([{ kind: "ruleset", a: 4 }, ...OPS]));
});

test("an entry of the broker's lists is on one list, and listed before anything runs", () => {
  const listed = (flags: number): PlanOp => ({ kind: "listed", flags, text: "/x" });
  for (const flags of [1, 2, 4, 8]) expect(tryOps([listed(flags), ...OPS])).toBeUndefined();
  for (const flags of [0, 3, 12, 16]) expectRefused(tryOps([listed(flags), ...OPS]));
  expectRefused(tryOps(OPS.toSpliced(3, 0, listed(1))));
  expectRefused(tryOps([{ kind: "listed", flags: 1 }, ...OPS]));
});

test("anything after the deny filter is refused", () => {
  expectRefused(tryOps([...OPS, { kind: "cwd", text: "/" }]));
  expectRefused(tryOps([...OPS, { kind: "restore" }]));
});

test("a listener in the last filter is refused: its answers would outrank nothing", () => {
  expectRefused(tryOps(OPS.with(-1, { kind: "filter", text: ALLOW, flags: 1 })));
});

test("operands that an operation doesn't use are refused", () => {
  expectRefused(tryOps(OPS.with(2, { kind: "fork", a: 1 })));
  expectRefused(tryOps(OPS.with(1, { kind: "rule_path", a: 4, text: "/usr", flags: 2 })));
  expectRefused(tryOps(OPS.with(1, { kind: "rule_path", a: 4 })));
  expectRefused(tryOps(OPS.with(1, { kind: "rule_path", a: 4, text: "/usr\0/etc" })));
});

test("every plan with one byte of its header changed, but for the namespaces, is refused", () => {
  const plan = encodePlan({ arch: ARCH, namespaces: 0, ops: OPS });
  const { offset } = HEADER.fields.namespaces;
  for (let at = 0; at < HEADER.sizeBytes; at++) {
    if (at >= offset && at < offset + 4) continue;
    const changed = plan.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x80;
    expectRefused(start(changed));
  }
});

test("a plan cut short anywhere is refused", () => {
  const plan = encodePlan({ arch: ARCH, namespaces: 0, ops: OPS });
  for (let size = 1; size < plan.length; size += OP.sizeBytes / 2) expectRefused(start(plan.slice(0, size)));
});
