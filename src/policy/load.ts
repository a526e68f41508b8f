/** From the bytes of a policy file to a `Policy` that can be compiled. */

import { safeParse } from "valibot";
import { type Finding, PolicyError } from "../base/errors.ts";
import { POLICY_FINDINGS_MAX } from "../base/limits.ts";
import { check } from "./check/all.ts";
import { error } from "./finding.ts";
import { findingsOf } from "./issues.ts";
import { decodePolicy, parseToml } from "./parse.ts";
import type { Policy } from "./policy.ts";
import { prepare, type SchemaNode } from "./prepare.ts";
import { policySchema } from "./schema.ts";
import { Expander, type VariableContext, type VariableUse } from "./variables.ts";

/** A policy as it was found, before anything is made of it. */
export interface PolicySource {
  /** What messages call it. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** The folder that it is in, for `${POLICY_DIR}`; undefined for a built-in one. */
  readonly policyDir: string | undefined;
}

export interface LoadedPolicy {
  readonly file: string;
  readonly text: string;
  readonly policy: Policy;
  /** The variables that it used, by name. */
  readonly uses: readonly VariableUse[];
}

/**
 * Parses, expands, validates and checks a policy.
 * @throws PolicyError with all findings; their places are found by `placeFindings`.
 */
export function loadPolicy(source: PolicySource, variables: VariableContext): LoadedPolicy {
  const { file } = source;
  const text = decodePolicy(file, source.bytes);
  const document = parseToml(file, text);
  const expander = new Expander(variables, source.policyDir);
  const prepared = prepare(policySchema as unknown as SchemaNode, document, expander);
  const result = safeParse(policySchema, prepared.value);
  const { issues = [] } = result;
  const findings = [...prepared.findings, ...findingsOf(policySchema, issues.slice(0, POLICY_FINDINGS_MAX))];
  if (result.success) findings.push(...check(result.output));
  const hidden = Math.max(0, issues.length - POLICY_FINDINGS_MAX);
  if (findings.length > 0) throw new PolicyError(file, text, capped(findings, hidden));
  if (!result.success) throw new Error("a policy was refused without a finding");
  return { file, text, policy: result.output, uses: expander.uses() };
}

/** @param hidden how many more there are beyond the list. */
function capped(findings: readonly Finding[], hidden: number): readonly Finding[] {
  const more = findings.length + hidden - POLICY_FINDINGS_MAX;
  if (more <= 0) return findings;
  return [
    ...findings.slice(0, POLICY_FINDINGS_MAX),
    error("too-many-findings", [], `${more} more errors are not shown`),
  ];
}
