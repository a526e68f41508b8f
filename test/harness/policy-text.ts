/** Loads policies that a test writes down, with variables that don't depend on the machine. */

import { deepStrictEqual } from "node:assert";
import { type Finding, PolicyError } from "../../src/base/errors.ts";
import { acceptGoodPolicy, type LoadedPolicy, type PolicySource } from "../../src/policy/load.ts";
import { placeFindings } from "../../src/policy/locate.ts";
import { validatePolicy } from "../../src/policy/validate.ts";
import type { VariableContext } from "../../src/policy/variables.ts";

export const VARIABLES: VariableContext = {
  cwd: "/work-folder",
  env: { HOME: "/home/user" },
  uid: 1000,
  set: new Map(),
};

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** By the schema; and a policy that the short way accepts must be, to the letter, what the schema makes of it. */
export function loadBothWays(source: PolicySource, variables: VariableContext): LoadedPolicy {
  const loaded = validatePolicy(source, variables);
  deepStrictEqual(structuredClone(acceptGoodPolicy(source, variables)), structuredClone(loaded));
  return loaded;
}

/** Whether the short way takes a policy. */
function isAccepted(source: PolicySource, variables: VariableContext): boolean {
  try {
    return acceptGoodPolicy(source, variables) !== undefined;
  } catch (cause) {
    if (cause instanceof PolicyError) return false;
    throw cause;
  }
}

export function load(text: string, variables: Partial<VariableContext> = {}): LoadedPolicy {
  const source = { file: "p.toml", bytes: bytesOf(text), policyDir: "/policies" };
  return loadBothWays(source, { ...VARIABLES, ...variables });
}

/** What loading refuses the text for; fails the test when it doesn't. */
export function refusal(text: string | Uint8Array, variables: Partial<VariableContext> = {}): PolicyError {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  const source = { file: "p.toml", bytes, policyDir: "/policies" };
  const context = { ...VARIABLES, ...variables };
  if (isAccepted(source, context)) throw new Error("the short way accepted the policy");
  try {
    validatePolicy(source, context);
  } catch (cause) {
    if (cause instanceof PolicyError) return cause;
    throw cause;
  }
  throw new Error("the policy was accepted");
}

/** `LINE:COLUMN code` of every finding, in the order in which a person sees them. */
export async function placedCodes(text: string | Uint8Array): Promise<string[]> {
  const { findings, text: read, file } = refusal(text);
  return (await placeFindings(read, file, findings)).map(
    ({ place, code }: Finding) => `${place?.line}:${place?.column} ${code}`,
  );
}

/** The codes of the findings, in the order in which they were found. */
export function codes(text: string | Uint8Array, variables: Partial<VariableContext> = {}): string[] {
  return refusal(text, variables).findings.map((finding) => finding.code);
}
