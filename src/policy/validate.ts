/** The long way: a policy against the valibot schema, which tells all that is wrong with it. */

import { safeParse } from "valibot";
import { type Finding, PolicyError } from "../base/errors.ts";
import { POLICY_FINDINGS_MAX } from "../base/limits.ts";
import { check } from "./check/all.ts";
import { error } from "./finding.ts";
import { findingsOf } from "./issues.ts";
import type { LoadedPolicy, PolicySource } from "./load.ts";
import { decodePolicy, parseToml } from "./parse.ts";
import { prepare, type SchemaNode } from "./prepare.ts";
import { policySchema } from "./schema.ts";
import { Expander, type VariableContext } from "./variables.ts";

/**
 * Parses, expands, validates and checks a policy.
 * @throws PolicyError with all findings; their places are found by `placeFindings`.
 */
export function validatePolicy(source: PolicySource, variables: VariableContext): LoadedPolicy {
  const { file } = source;
  const text = decodePolicy(file, source.bytes);
  const document = parseToml(file, text);
  const expander = new Expander(variables, source.policyDir);
  const prepared = prepare(policySchema as unknown as SchemaNode, document, expander);
  const result = safeParse(policySchema, prepared.value);
  const { issues = [] } = result;
  const findings = [
    ...prepared.findings,
    ...findingsOf(policySchema, issues.slice(0, POLICY_FINDINGS_MAX)),
    ...(result.success ? check(result.output) : []),
  ];
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
