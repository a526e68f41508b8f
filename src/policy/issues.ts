/** valibot's issues in the words of the policy language. */

import type { BaseIssue, GenericSchema } from "valibot";
import type { Finding, KeyPath } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { dotted, error, quote } from "./finding.ts";
import type { SchemaNode } from "./prepare.ts";

type Issue = BaseIssue<unknown>;

/** One finding for each issue; those inside a union are told for the member that was meant. */
export function findingsOf(schema: GenericSchema, issues: readonly Issue[]): Finding[] {
  return issues.flatMap((issue) => {
    const key = keyOf(issue);
    if (issue.type !== "union") return [findingOf(schema, issue, key)];
    const inside = (issue.issues ?? []).filter((nested) => nested.path !== undefined && isTable(issue.input));
    if (inside.length === 0) return [wrongType(key, "a string or a table", issue.input)];
    return inside.map((nested) => findingOf(schema, nested, [...key, ...keyOf(nested)]));
  });
}

function keyOf(issue: Issue): KeyPath {
  return (issue.path ?? []).map((item) => item.key as string | number);
}

const EXPECTED: Readonly<Record<string, string>> = {
  strict_object: "a table",
  array: "a list",
  string: "a string",
  number: "an integer",
  boolean: "true or false",
};

function findingOf(schema: GenericSchema, issue: Issue, key: KeyPath): Finding {
  const node = nodeAt(schema as unknown as SchemaNode, key);
  if (issue.kind === "schema") {
    if (issue.input === undefined) return missing(key, node);
    if (issue.type === "literal") return version(key, issue.input);
    if (issue.type === "picklist") return unknownName(key, node, issue.input);
    return wrongType(key, EXPECTED[issue.type] ?? issue.type, issue.input);
  }
  return outside(key, node, issue);
}

function missing(key: KeyPath, node: SchemaNode | undefined): Finding {
  const name = dotted(key);
  const hint = name === "version" ? "write version = 1 at the top" : undefined;
  const what = node?.type === "array" ? "the list" : "the key";
  return error("missing-key", key, `${what} ${name} is missing`, hint);
}

function version(key: KeyPath, value: unknown): Finding {
  if (typeof value !== "number") return wrongType(key, "the integer 1", value);
  return error("unsupported-version", key, `version ${value} of the policy language is unknown`, "write version = 1");
}

function unknownName(key: KeyPath, node: SchemaNode | undefined, value: unknown): Finding {
  if (typeof value !== "string") return wrongType(key, "a string", value);
  const known = (node?.options ?? []) as readonly string[];
  const hint = didYouMean(value, known) ?? `known here: ${known.join(", ")}`;
  return error("unknown-name", key, `${quote(value)} is not known as ${dotted(key.filter(isName))}`, hint);
}

function wrongType(key: KeyPath, expected: string, value: unknown): Finding {
  const last = key.filter(isName).at(-1) ?? "";
  const got = typeName(value);
  let hint: string | undefined;
  if (expected === "a list" && isTable(value)) hint = `write [[${dotted(key.filter(isName))}]], with two brackets`;
  if (expected === "a list" && got === "a string") hint = `write ${last} = [${quote(String(value))}]`;
  if (expected === "a table" && got === "a list") hint = `write [${dotted(key.filter(isName))}], with one bracket`;
  if (expected === "a string" && last === "mode") hint = 'write the mode as octal digits: "0755"';
  return error("wrong-type", key, `${dotted(key)} must be ${expected}, not ${got}`, hint);
}

/** The type is right and the value isn't. */
function outside(key: KeyPath, node: SchemaNode | undefined, issue: Issue): Finding {
  const name = dotted(key);
  const limit = String(issue.requirement);
  switch (issue.type) {
    case "min_length":
      if (node?.type === "string") return error("bad-value", key, `${name} is empty`);
      return error("empty-list", key, `${name} is empty: it needs at least one entry`);
    case "max_length":
      if (node?.type === "string") return error("bad-value", key, `${name} is longer than ${limit} characters`);
      return error("too-many", key, `${name} has more than ${limit} entries`);
    case "min_value":
    case "max_value": {
      const bound = issue.type === "min_value" ? `at least ${limit}` : `at most ${limit}`;
      return error("out-of-range", key, `${name} must be ${bound}, not ${String(issue.input)}`);
    }
    default:
      return error("bad-value", key, `${name} can't be ${quote(String(issue.input))}`, description(node));
  }
}

function typeName(value: unknown): string {
  if (typeof value === "symbol") return value.description ?? "something else";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a string";
    case "number":
      return "an integer";
    case "boolean":
      return "a boolean";
    default:
      return "a table";
  }
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isName(part: string | number): part is string {
  return typeof part === "string";
}

/** The schema of the value at `key`: the outermost one that isn't only a wrapper. */
function nodeAt(schema: SchemaNode, key: KeyPath): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const part of key) {
    node = unwrap(node);
    if (node?.type === "union") node = (node.options as readonly SchemaNode[]).find((each) => each.entries);
    node = typeof part === "number" ? node?.item : node?.entries?.[part];
  }
  return unwrap(node);
}

function unwrap(node: SchemaNode | undefined): SchemaNode | undefined {
  return node?.wrapped === undefined ? node : unwrap(node.wrapped);
}

function description(node: SchemaNode | undefined): string | undefined {
  const pipe = (node as { readonly pipe?: readonly { readonly type: string; readonly description?: string }[] })?.pipe;
  return pipe?.find((action) => action.type === "description")?.description?.replace(/\.$/, "");
}
