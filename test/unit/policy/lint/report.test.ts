import { expect, test } from "bun:test";
import { NO_FACTS } from "../../../../src/policy/lint/facts.ts";
import { count, lintSource } from "../../../../src/policy/lint/report.ts";
import { bytesOf, VARIABLES } from "../../../harness/policy-text.ts";

async function report(text: string): Promise<string[]> {
  const source = { file: "p.toml", bytes: bytesOf(text), policyDir: "/policies" };
  const findings = await lintSource(source, VARIABLES, NO_FACTS);
  return findings.map(({ place, severity, code }) => `${place?.line}:${place?.column} ${severity} ${code}`);
}

test("what loading refuses and what the rules see come in one form, each with its place", async () => {
  expect(await report("version = 1\nx = 1")).toEqual(["2:1 error unknown-key"]);
  expect(await report("version = 1")).toEqual(["1:1 warning unhandled-write"]);
  expect(await report("version = \n")).toEqual(["1:11 error syntax"]);
});

test("errors and warnings are counted", () => {
  const finding = (severity: "error" | "warning") => ({ code: "x", severity, key: [], message: "" }) as const;
  expect(count([finding("error"), finding("warning"), finding("warning")])).toEqual({ errors: 1, warnings: 2 });
});
