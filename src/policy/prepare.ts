/**
 * The walk over a TOML document along the schema, before validation: reports every unknown key, expands and checks
 * every path, and replaces what valibot would take for a table and isn't (an array has keys too).
 */

import type { GenericSchema } from "valibot";
import type { Finding, KeyPath } from "../base/errors.ts";
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

export class Preparation {
  readonly findings: Finding[] = [];
  readonly #expander: Expander;

  constructor(expander: Expander) {
    this.#expander = expander;
  }

  /** The value as valibot shall see it. */
  walk(schema: SchemaNode, value: unknown, key: KeyPath): unknown {
    switch (schema.type) {
      case "optional":
      case "exact_optional":
        return schema.wrapped === undefined ? value : this.walk(schema.wrapped, value, key);
      case "strict_object":
        return this.#table(schema.entries ?? {}, value, key);
      case "array":
        return Array.isArray(value) && schema.item !== undefined ? this.#list(schema.item, value, key) : value;
      case "union":
        return this.#union(schema.options as readonly SchemaNode[], value, key);
      case "string":
        return typeof value === "string" && isPathSchema(schema as unknown as GenericSchema)
          ? this.#path(value, key)
          : value;
      default:
        return value;
    }
  }

  #table(entries: Readonly<Record<string, SchemaNode>>, value: unknown, key: KeyPath): unknown {
    if (Array.isArray(value)) return Symbol("a list");
    if (!isTable(value)) return value;
    const known: Table = {};
    for (const name of Object.keys(value)) {
      const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
      if (entry === undefined) this.#unknown(name, entries, key);
      else known[name] = this.walk(entry, value[name], [...key, name]);
    }
    return known;
  }

  #unknown(name: string, entries: Readonly<Record<string, SchemaNode>>, key: KeyPath): void {
    const names = Object.keys(entries);
    const hint = didYouMean(name, names) ?? `known here: ${names.join(", ")}`;
    this.findings.push(error("unknown-key", [...key, name], `unknown key ${quote(name)}`, hint));
  }

  #list(item: SchemaNode, value: readonly unknown[], key: KeyPath): unknown[] {
    return value.map((each, index) => this.walk(item, each, [...key, index]));
  }

  /** The schema's unions are of a path and a table. */
  #union(options: readonly SchemaNode[], value: unknown, key: KeyPath): unknown {
    const type = typeof value === "string" ? "string" : "strict_object";
    const option = options.find((candidate) => candidate.type === type);
    return option === undefined ? value : this.walk(option, value, key);
  }

  #path(text: string, key: KeyPath): string {
    const result = readPath(text, key, this.#expander);
    if (typeof result === "string") return result;
    this.findings.push(result);
    return "/";
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null;
}
