/** The valibot schema as a `Shape`. Imported as a macro only: what it returns becomes a literal of the program. */

import { policySchema } from "./schema.ts";
import type { Conversion, Entry, Shape } from "./shape.ts";
import { modeBits, sizeBytes } from "./units.ts";
import { isPathSchema } from "./values.ts";

/** The parts of valibot's objects that are read here. */
interface Node {
  readonly kind: "schema" | "validation" | "transformation" | "metadata";
  readonly type: string;
  readonly pipe?: readonly Node[];
  readonly wrapped?: Node;
  readonly default?: unknown;
  readonly item?: Node;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, Node>>;
  readonly literal?: string | number;
  readonly requirement?: unknown;
  readonly operation?: unknown;
}

/** The shape of a policy. Anything in the schema that has no shape fails the build. */
export function policyShape(): Shape {
  return shapeOf(policySchema as unknown as Node);
}

const CONVERSIONS = new Map<unknown, Conversion>([
  [sizeBytes, "sizeBytes"],
  [modeBits, "modeBits"],
]);

function unknown(what: string): never {
  throw new Error(`the schema has ${what}, which src/policy/shape.ts can't say`);
}

/** The actions of a pipe but for descriptions, by type; each at most once. */
function actionsOf(node: Node, known: readonly string[]): ReadonlyMap<string, Node> {
  const actions = (node.pipe ?? []).slice(1).filter(({ kind }) => kind !== "metadata");
  const found = new Map(actions.map((action) => [action.type, action]));
  if (found.size !== actions.length) unknown(`the same action twice on ${node.type}`);
  for (const type of found.keys()) if (!known.includes(type)) unknown(`the action ${type} on ${node.type}`);
  return found;
}

function bound(actions: ReadonlyMap<string, Node>, type: string, otherwise: number): number {
  const action = actions.get(type);
  return action === undefined ? otherwise : Number(action.requirement);
}

function shapeOf(node: Node): Shape {
  switch (node.type) {
    case "strict_object":
      actionsOf(node, []);
      return { is: "table", entries: entriesOf(node) };
    case "array":
      return listOf(node);
    case "string":
      return stringOf(node);
    case "number":
      return integerOf(node);
    case "boolean":
      actionsOf(node, []);
      return { is: "boolean" };
    case "picklist":
      actionsOf(node, []);
      return { is: "one_of", values: (node.options ?? []) as (string | number)[] };
    case "literal":
      actionsOf(node, []);
      return { is: "one_of", values: node.literal === undefined ? [] : [node.literal] };
    case "union":
      return unionOf(node);
    default:
      return unknown(`the type ${node.type}`);
  }
}

function entriesOf(node: Node): Record<string, Entry> {
  return Object.fromEntries(Object.entries(node.entries ?? {}).map(([name, entry]) => [name, entryOf(entry)]));
}

function entryOf(node: Node): Entry {
  if (node.type !== "optional" && node.type !== "exact_optional") return { shape: shapeOf(node) };
  if (node.wrapped === undefined || node.pipe !== undefined) return unknown("an optional with a pipe");
  const shape = shapeOf(node.wrapped);
  if (node.default === undefined) return { shape, optional: true };
  return { shape, fallback: node.default as NonNullable<Entry["fallback"]> };
}

function listOf(node: Node): Shape {
  const actions = actionsOf(node, ["min_length", "max_length"]);
  if (node.item === undefined) return unknown("a list without items");
  const [min, max] = [bound(actions, "min_length", 0), bound(actions, "max_length", Number.MAX_SAFE_INTEGER)];
  return { is: "list", item: shapeOf(node.item), min, max };
}

function stringOf(node: Node): Shape {
  if (isPathSchema(node)) return { is: "path" };
  const actions = actionsOf(node, ["min_length", "max_length", "regex", "transform"]);
  const pattern = actions.get("regex")?.requirement as RegExp | undefined;
  const transform = actions.get("transform")?.operation;
  const as = CONVERSIONS.get(transform);
  if (transform !== undefined && as === undefined) return unknown("a transformation of a string");
  if (pattern !== undefined && pattern.flags !== "") return unknown("a regular expression with flags");
  return {
    is: "string",
    min: bound(actions, "min_length", 0),
    max: bound(actions, "max_length", Number.MAX_SAFE_INTEGER),
    ...(pattern === undefined ? {} : { pattern: pattern.source }),
    ...(as === undefined ? {} : { as }),
  };
}

function integerOf(node: Node): Shape {
  const actions = actionsOf(node, ["integer", "min_value", "max_value"]);
  if (!actions.has("integer")) return unknown("a number that isn't an integer");
  return {
    is: "integer",
    min: bound(actions, "min_value", Number.MIN_SAFE_INTEGER),
    max: bound(actions, "max_value", Number.MAX_SAFE_INTEGER),
  };
}

function unionOf(node: Node): Shape {
  const [text, table, ...more] = (node.options ?? []) as Node[];
  const convert = text?.pipe?.at(-1)?.operation as ((path: string) => unknown) | undefined;
  const pathOnly = JSON.stringify(convert?.("/x")) === JSON.stringify({ path: "/x" });
  if (text === undefined || !isPathSchema(text) || !pathOnly || more.length > 0) return unknown("a union");
  if (table?.type !== "strict_object") return unknown("a union of a path and no table");
  return { is: "path_or_table", table: shapeOf(table) };
}
