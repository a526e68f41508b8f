/**
 * The walk over a TOML document along the schema, before validation: reports every unknown key, expands and checks
 * every path, and replaces what valibot would take for a table and isn't (an array has keys too).
 */

import type { Finding } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { error, quote } from "./finding.ts";
import { readPath } from "./path.ts";
import { isPathSchema } from "./values.ts";
import type { Expander } from "./variables.ts";

/** The parts of valibot's schemas that the walk goes by. */
export interface SchemaNode {
  readonly type: string;
  readonly wrapped?: SchemaNode;
  readonly item?: SchemaNode;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, SchemaNode>>;
}

type Table = Record<string, unknown>;

/** What `prepare` gives back. */
export interface Prepared {
  /** The document as valibot shall see it. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

export function prepare(schema: SchemaNode, document: unknown, expander: Expander): Prepared {
  const findings: Finding[] = [];
  const value = walk(schema, document, { key: [], findings, expander, standIns: { count: 0 } });
  return { value, findings };
}

interface Walk {
  /** Where the walk is: one array for all of it, copied only into findings. */
  readonly key: (string | number)[];
  readonly findings: Finding[];
  readonly expander: Expander;
  readonly standIns: { count: number };
}

function walk(schema: SchemaNode, value: unknown, at: Walk): unknown {
  switch (schema.type) {
    case "optional":
    case "exact_optional":
      return schema.wrapped === undefined ? value : walk(schema.wrapped, value, at);
    case "strict_object":
      return walkTable(schema.entries ?? {}, value, at);
    case "array":
      return Array.isArray(value) && schema.item !== undefined ? walkList(schema.item, value, at) : value;
    case "union":
      return walkUnion(schema.options as readonly SchemaNode[], value, at);
    case "string":
      return typeof value === "string" && isPathSchema(schema) ? walkPath(value, at) : value;
    default:
      return value;
  }
}

function walkTable(entries: Readonly<Record<string, SchemaNode>>, value: unknown, at: Walk): unknown {
  if (Array.isArray(value)) return Symbol("a list");
  if (typeof value !== "object" || value === null) return value;
  const known: Table = {};
  for (const name of Object.keys(value)) {
    at.key.push(name);
    const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (entry === undefined) reportUnknown(name, Object.keys(entries), at);
    else known[name] = walk(entry, (value as Table)[name], at);
    at.key.pop();
  }
  return known;
}

function reportUnknown(name: string, known: readonly string[], at: Walk): void {
  const hint = didYouMean(name, known) ?? `known here: ${known.join(", ")}`;
  at.findings.push(error("unknown-key", [...at.key], `unknown key ${quote(name)}`, hint));
}

function walkList(item: SchemaNode, value: unknown[], at: Walk): unknown[] {
  if (item.type === "picklist") return value;
  return value.map((each, index) => {
    at.key.push(index);
    const walked = walk(item, each, at);
    at.key.pop();
    return walked;
  });
}

/** The schema's unions are of a path and a table. */
function walkUnion(options: readonly SchemaNode[], value: unknown, at: Walk): unknown {
  const type = typeof value === "string" ? "string" : "strict_object";
  const option = options.find((candidate) => candidate.type === type);
  return option === undefined ? value : walk(option, value, at);
}

/**
 * What is wrong with a path is told here. A stand-in that no path can be takes its place, different each time, so that
 * neither validation nor the checks that compare paths find something about it.
 */
function walkPath(text: string, at: Walk): string {
  const result = readPath(text, at.key, at.expander);
  if (typeof result === "string") return result;
  if (result !== undefined) at.findings.push(result);
  at.standIns.count += 1;
  return `/\0${at.standIns.count}`;
}
