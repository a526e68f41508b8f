import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { compile } from "../../../src/compile/compile.ts";
import { decodePlan, PlanFormatError } from "../../../src/plan/decode.ts";
import { describePlan } from "../../../src/plan/describe.ts";
import { LAYOUT_DIGEST } from "../../../src/plan/digest.gen.ts";
import { encodePlan } from "../../../src/plan/encode.ts";
import { HEADER, layoutText, OP } from "../../../src/plan/layout.ts";
import type { Policy } from "../../../src/policy/policy.ts";
import { HOST } from "../../harness/host.ts";

const POLICY: Policy = {
  version: 1,
  compat: "strict",
  without: [],
  fs_layer: [
    {
      handled_access_fs: ["read_file", "execute"],
      rule: [
        { path: "/usr", allowed_access: ["read_file", "execute"], optional: false },
        { path: "/opt/ü", allowed_access: ["read_file"], optional: true },
      ],
    },
  ],
  net: { handled_access_net: ["connect_tcp"], rule: [{ port: 65535, allowed_access: ["connect_tcp"] }] },
  runtime: { cwd: "/usr" },
};

test("a plan survives the way to bytes and back, but for the keys that only messages need", () => {
  const { plan } = compile(POLICY, HOST);
  const decoded = decodePlan(encodePlan(plan));
  expect(describePlan(decoded)).toEqual(describePlan(plan));
  expect(decoded.ops.map(({ kind }) => kind)).toEqual(plan.ops.map(({ kind }) => kind));
  expect(decoded.ops.find(({ text }) => text === "/opt/ü")?.flags).toBe(1);
});

test("the same plan gives the same bytes", () => {
  const { plan } = compile(POLICY, HOST);
  expect(encodePlan(plan)).toEqual(encodePlan(plan));
});

test("the digest is that of the layout", () => {
  expect(createHash("sha256").update(layoutText()).digest("hex")).toBe(LAYOUT_DIGEST);
});

test("what isn't a whole plan of this build is refused", () => {
  const bytes = encodePlan(compile(POLICY, HOST).plan);
  for (const size of [
    0,
    1,
    HEADER.sizeBytes - 1,
    HEADER.sizeBytes,
    HEADER.sizeBytes + OP.sizeBytes,
    bytes.length - 1,
  ]) {
    expect(() => decodePlan(bytes.slice(0, size))).toThrow(PlanFormatError);
  }
  for (let at = 0; at < HEADER.fields.size.offset + 4; at++) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    expect(() => decodePlan(flipped)).toThrow(PlanFormatError);
  }
});
