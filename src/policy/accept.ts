/**
 * Accepts a good policy by its shape: the same walk expands its paths, checks its types and fills in what it leaves
 * out. Whatever isn't plainly good is left to the schema: here is no word about what is wrong.
 */

import { readPath } from "./path.ts";
import type { Policy } from "./policy.ts";
import type { Conversion, Entry, Shape } from "./shape.ts";
import { policyShape } from "./shape-of.ts" with { type: "macro" };
import { modeBits, sizeBytes } from "./units.ts";
import type { Expander } from "./variables.ts";

const POLICY_SHAPE: Shape = policyShape();

const CONVERT: Readonly<Record<Conversion, (text: string) => number>> = { sizeBytes, modeBits };

/** Not plainly good. */
const REFUSED: unique symbol = Symbol("refused");

/** The policy, or undefined where the schema has to tell. */
export function acceptPolicy(document: unknown, expander: Expander): Policy | undefined {
  const value = accept(POLICY_SHAPE, document, expander);
  return value === REFUSED ? undefined : (value as Policy);
}

function accept(shape: Shape, value: unknown, expander: Expander): unknown {
  switch (shape.is) {
    case "table":
      return acceptTable(shape.entries, value, expander);
    case "list":
      return acceptList(shape, value, expander);
    case "path":
      return acceptPath(value, expander);
    case "boolean":
      return typeof value === "boolean" ? value : REFUSED;
    case "one_of":
      return shape.values.includes(value as string | number) ? value : REFUSED;
    case "integer":
      return Number.isInteger(value) && isBetween(Number(value), shape) ? value : REFUSED;
    case "string":
      return acceptString(shape, value);
    case "path_or_table":
      return typeof value === "string"
        ? acceptTable(PATH_ONLY, { path: value }, expander)
        : accept(shape.table, value, expander);
  }
}

const PATH_ONLY: Readonly<Record<string, Entry>> = { path: { shape: { is: "path" } } };

function isBetween(size: number, { min, max }: { readonly min: number; readonly max: number }): boolean {
  return size >= min && size <= max;
}

function acceptTable(entries: Readonly<Record<string, Entry>>, value: unknown, expander: Expander): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return REFUSED;
  const given = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) if (!Object.hasOwn(entries, name)) return REFUSED;
  const accepted: Record<string, unknown> = {};
  for (const name of Object.keys(entries)) {
    const entry = entries[name] as Entry;
    if (Object.hasOwn(given, name)) {
      const item = accept(entry.shape, given[name], expander);
      if (item === REFUSED) return REFUSED;
      accepted[name] = item;
    } else if (entry.fallback !== undefined) {
      accepted[name] = Array.isArray(entry.fallback) ? [] : entry.fallback;
    } else if (entry.optional !== true) {
      return REFUSED;
    }
  }
  return accepted;
}

function acceptList(shape: Extract<Shape, { is: "list" }>, value: unknown, expander: Expander): unknown {
  if (!Array.isArray(value) || !isBetween(value.length, shape)) return REFUSED;
  const accepted: unknown[] = [];
  for (const each of value) {
    const item = accept(shape.item, each, expander);
    if (item === REFUSED) return REFUSED;
    accepted.push(item);
  }
  return accepted;
}

function acceptPath(value: unknown, expander: Expander): unknown {
  const path = typeof value === "string" ? readPath(value, [], expander) : REFUSED;
  return typeof path === "string" ? path : REFUSED;
}

function acceptString(shape: Extract<Shape, { is: "string" }>, value: unknown): unknown {
  if (typeof value !== "string" || !isBetween(value.length, shape)) return REFUSED;
  if (shape.pattern !== undefined && !new RegExp(shape.pattern).test(value)) return REFUSED;
  return shape.as === undefined ? value : CONVERT[shape.as](value);
}
