/** The reference page of the policy language, from the same schema that validates. */

import type { JsonSchema } from "@valibot/to-json-schema";
import * as limits from "../../src/base/limits.ts";
import { FS_RIGHTS, NET_RIGHTS, type Right, SCOPES } from "../../src/kernel/landlock.ts";
import { type CodeText, LINT_CODES, LOAD_CODES } from "../../src/policy/codes.ts";
import { FS_RIGHT_TEXT, NET_RIGHT_TEXT, SCOPE_TEXT } from "./rights.ts";

type Node = JsonSchema;

function node(value: unknown): Node {
  return (typeof value === "object" && value !== null ? value : {}) as Node;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** The member of a union that is a table, or the schema itself. */
function tableOf(schema: Node): Node {
  return node(schema.anyOf?.find((each) => node(each).type === "object") ?? schema);
}

function valueText(schema: Node): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => valueText(node(each))).join(" or ");
  if (schema.enum !== undefined && schema.enum.length <= 4)
    return schema.enum.map((each) => `\`"${each}"\``).join(", ");
  switch (schema.type) {
    case "array":
      return `${schema.minItems === 1 ? "non-empty list" : "list"} of ${plural(node(schema.items))}`;
    case "object":
      return "table";
    case "integer":
    case "number":
      return schema.minimum === undefined ? "integer" : `${schema.minimum}–${schema.maximum}`;
    case "boolean":
      return "`true`, `false`";
    default:
      return schema.pattern?.startsWith("^(\\/") === true ? "path" : "string";
  }
}

function plural(item: Node): string {
  if (item.enum !== undefined && item.enum.length > 4) return "names";
  const text = valueText(item);
  return text.includes("`")
    ? text
    : text
        .split(" or ")
        .map((each) => `${each}s`)
        .join(" or ");
}

function keyRows(schema: Node): string[][] {
  const required = schema.required ?? [];
  return Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const entry = node(value);
    const missing = required.includes(key) ? "required" : defaultText(entry);
    return [`\`${key}\``, valueText(entry), missing, entry.description ?? ""];
  });
}

function defaultText(schema: Node): string {
  return schema.default === undefined ? "–" : `\`${JSON.stringify(schema.default)}\``;
}

/** One section for each table of the language, in the order of the schema. */
function sections(schema: Node, name: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const entry = node(value);
    const inner = tableOf(entry.type === "array" ? node(entry.items) : entry);
    if (inner.type !== "object") return [];
    const path = name === "" ? key : `${name}.${key}`;
    const heading = entry.type === "array" ? `[[${path}]]` : `[${path}]`;
    const text = inner.description ?? entry.description ?? "";
    const rows = table(["key", "value", "default", "meaning"], keyRows(inner));
    return [`### \`${heading}\`\n\n${text}\n\n${rows}`, ...sections(inner, path)];
  });
}

function rightRows(rights: readonly Right[], texts: Readonly<Record<string, string>>): string[][] {
  return rights.map(({ name, abi, linux }) => [`\`${name}\``, texts[name] ?? "", String(abi), linux]);
}

function codeRows(codes: readonly CodeText[]): string[][] {
  return codes.map(({ code, severity, summary }) => [`\`${code}\``, severity, summary]);
}

const RIGHT_HEAD = ["name", "allows to", "Landlock ABI", "Linux"];
const CODE_HEAD = ["code", "severity", "meaning"];

function limitRows(): string[][] {
  const number = (value: number): string => value.toLocaleString("en");
  return [
    ["size of a policy", `${number(limits.POLICY_BYTES_MAX)} bytes`],
    ["rules in a policy", number(limits.POLICY_RULES_MAX)],
    ["entries in a list", number(limits.POLICY_LIST_MAX)],
    ["nesting of lists and tables", number(limits.POLICY_DEPTH_MAX)],
    ["length of a path, and of a variable's value", `${number(limits.PATH_BYTES_MAX)} bytes`],
    ["layers", "16, the kernel's own limit"],
  ];
}

export function referencePage(intro: string, schema: JsonSchema): string {
  return `${[
    intro.trimEnd(),
    `## Keys\n\n### Top level\n\n${table(["key", "value", "default", "meaning"], keyRows(schema))}`,
    ...sections(schema, ""),
    `## Rights on files and folders\n\n${table(RIGHT_HEAD, rightRows(FS_RIGHTS, FS_RIGHT_TEXT))}`,
    `## Rights on ports\n\n${table(RIGHT_HEAD, rightRows(NET_RIGHTS, NET_RIGHT_TEXT))}`,
    `## Scopes\n\n${table(RIGHT_HEAD, rightRows(SCOPES, SCOPE_TEXT))}`,
    `## Limits\n\n${table(["what", "at most"], limitRows())}`,
    `## Findings\n\nErrors that every command tells, and with which nothing runs:\n\n${table(CODE_HEAD, codeRows(LOAD_CODES))}`,
    `What \`landlockd lint\` sees besides, with a look at the host:\n\n${table(CODE_HEAD, codeRows(LINT_CODES))}`,
  ].join("\n\n")}\n`;
}
