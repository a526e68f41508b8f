/** Lints one policy as far as it can be read: what loading refuses and what the rules see, in one list. */

import { type Finding, PolicyError } from "../../base/errors.ts";
import type { PolicySource } from "../load.ts";
import { placeFindings } from "../locate.ts";
import { validatePolicy } from "../validate.ts";
import type { VariableContext } from "../variables.ts";
import type { Facts } from "./facts.ts";
import { lint } from "./lint.ts";

/** Findings in the order of their places; each has one. */
export async function lintSource(
  source: PolicySource,
  variables: VariableContext,
  facts: Facts,
): Promise<readonly Finding[]> {
  try {
    const loaded = validatePolicy(source, variables);
    return await placeFindings(loaded.text, source.file, lint(loaded, facts));
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    return placeFindings(cause.text, source.file, cause.findings);
  }
}

export interface Counts {
  readonly errors: number;
  readonly warnings: number;
}

export function count(findings: readonly Finding[]): Counts {
  const errors = findings.filter((finding) => finding.severity === "error").length;
  return { errors, warnings: findings.length - errors };
}
