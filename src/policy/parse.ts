/** Bytes → text → TOML values. Nothing here knows the policy language. */

import { parse, TomlDate, TomlError } from "smol-toml";
import { PolicyError } from "../base/errors.ts";
import { POLICY_BYTES_MAX, POLICY_DEPTH_MAX } from "../base/limits.ts";
import { error } from "./finding.ts";

/**
 * A TOML value that no policy key takes (a date, a float, an integer beyond 2^53): a symbol with the words for it, so
 * that no schema can mistake it for a table or a number.
 */
export type Alien = symbol;

/** The policy's text. A byte order mark is dropped, as TOML says. */
export function decodePolicy(file: string, bytes: Uint8Array): string {
  const fail = (code: string, message: string, hint?: string): never => {
    throw new PolicyError(file, "", [{ ...error(code, [], message, hint), place: { file, line: 1, column: 1 } }]);
  };
  if (bytes.length > POLICY_BYTES_MAX) fail("too-large", `the policy is larger than ${POLICY_BYTES_MAX} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("not-utf8", "the policy is not UTF-8 text", "TOML files are UTF-8");
  }
}

/**
 * The TOML document as plain values: tables without a prototype, arrays, strings, booleans, safe integers and aliens.
 * @throws PolicyError with the place of the first syntax error.
 */
export function parseToml(file: string, text: string): unknown {
  try {
    return plain(parse(text, { integersAsBigInt: true, maxDepth: POLICY_DEPTH_MAX }), 0);
  } catch (cause) {
    if (cause instanceof TomlError) throw syntaxError(file, text, cause);
    throw cause;
  }
}

function syntaxError(file: string, text: string, cause: TomlError): PolicyError {
  const reason = (cause.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
  const code = reason.includes("excessively nested") ? "too-deep" : "syntax";
  const message = code === "too-deep" ? `nested more than ${POLICY_DEPTH_MAX} levels deep` : reason;
  const place = { file, line: cause.line, column: cause.column };
  return new PolicyError(file, text, [{ ...error(code, [], message), place }]);
}

function plain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : Symbol("an integer beyond 2^53");
    case "number":
      return Symbol("a float");
    case "object":
      if (value instanceof TomlDate) return Symbol("a date or time");
      return depth > POLICY_DEPTH_MAX ? Symbol("a value that is nested too deep") : plainChildren(value, depth);
    default:
      return value;
  }
}

/** In place: the document belongs to us. */
function plainChildren(value: object | null, depth: number): unknown {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = plain(value[index], depth + 1);
  } else {
    const table = value as Record<string, unknown>;
    for (const key of Object.keys(table)) table[key] = plain(table[key], depth + 1);
  }
  return value;
}
