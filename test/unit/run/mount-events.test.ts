import { expect, test } from "bun:test";
import { LaunchError } from "../../../src/base/errors.ts";
import type { Plan, PlanOp } from "../../../src/plan/plan.ts";
import { mountEvents } from "../../../src/run/mount-events.ts";

const TMPFS: PlanOp = { kind: "tmpfs", text: "/r/tmp", key: ["mount", "tmpfs", 0] };
const SOURCES: readonly PlanOp[] = [
  { kind: "bind_source", flags: 1, text: "/one", key: ["mount", "bind", 0, "source"] },
  { kind: "bind_source", flags: 0, text: "/two", key: ["mount", "bind", 1, "source"] },
];
const PLAN: Plan = {
  arch: "x86_64",
  namespaces: 0x20000,
  ops: [
    { kind: "private_mounts", key: ["mount"] },
    ...SOURCES,
    { kind: "bind", a: 1, text: "/b", key: ["mount", "bind", 1, "target"] },
    TMPFS,
    { kind: "bind", a: 0, text: "/c/d", key: ["mount", "bind", 0, "target"] },
    { kind: "fork" },
  ],
};
/** With paths as text again. */
function shown(...args: Parameters<typeof mountEvents>): unknown[] {
  return mountEvents(...args).map((event) =>
    Object.fromEntries(
      Object.entries(event).map(([key, value]) => [key, value instanceof Uint8Array ? `${value}` : value]),
    ),
  );
}
const failure = (op: PlanOp | undefined, errno: number): LaunchError =>
  new LaunchError(op?.kind ?? "", errno, op?.key === undefined ? {} : { key: op.key });

test("one event a mount, in the order in which they are made", () => {
  expect(shown(PLAN, 7, undefined)).toEqual([
    { event: "mount.bind", pid: 7, source: "/two", target: "/b", read_only: false, decision: "allow" },
    { event: "mount.tmpfs", pid: 7, path: "/r/tmp", decision: "allow" },
    { event: "mount.bind", pid: 7, source: "/one", target: "/c/d", read_only: true, decision: "allow" },
  ]);
});

test("up to the one that failed, with its errno", () => {
  expect(shown(PLAN, 7, failure(TMPFS, 2))).toEqual([
    { event: "mount.bind", pid: 7, source: "/two", target: "/b", read_only: false, decision: "allow" },
    { event: "mount.tmpfs", pid: 7, path: "/r/tmp", decision: "error", errno: 2 },
  ]);
});

test("a source that can't be had is its bind's failure, and nothing was mounted", () => {
  expect(shown(PLAN, 7, failure(SOURCES[1], 13))).toEqual([
    { event: "mount.bind", pid: 7, source: "/two", target: "/b", read_only: false, decision: "error", errno: 13 },
  ]);
});

test("what fails before any mount has no mount event; what fails after has all", () => {
  expect(shown(PLAN, 7, failure(PLAN.ops[0], 1))).toEqual([]);
  expect(shown(PLAN, 7, new LaunchError("exec", 2))).toHaveLength(3);
  expect(shown({ ...PLAN, namespaces: 0 }, 7, undefined)).toEqual([]);
});
