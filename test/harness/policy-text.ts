/** Loads policies that a test writes down, with variables that don't depend on the machine. */

import { type Finding, PolicyError } from "../../src/base/errors.ts";
import { type LoadedPolicy, loadPolicy } from "../../src/policy/load.ts";
import { placeFindings } from "../../src/policy/locate.ts";
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

export function load(text: string, variables: Partial<VariableContext> = {}): LoadedPolicy {
  const source = { file: "p.toml", bytes: bytesOf(text), policyDir: "/policies" };
  return loadPolicy(source, { ...VARIABLES, ...variables });
}

/** What loading refuses the text for; fails the test when it doesn't. */
export function refusal(text: string | Uint8Array, variables: Partial<VariableContext> = {}): PolicyError {
  const bytes = typeof text === "string" ? bytesOf(text) : text;
  try {
    loadPolicy({ file: "p.toml", bytes, policyDir: "/policies" }, { ...VARIABLES, ...variables });
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
