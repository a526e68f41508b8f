/**
 * Strict command lines. citty describes the commands and renders their help; its own parser lets unknown flags pass
 * and keeps the last of repeated ones, which a security tool can't: so flags are parsed here, by node:util.
 */

import { parseArgs } from "node:util";
import type { ArgsDef } from "citty";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";

/** The parsed flags of one command. */
export interface Parsed {
  /** The value of a flag that takes one; undefined where it isn't given. */
  value(name: string): string | undefined;
  /** The values of a flag that may be repeated. */
  values(name: string): readonly string[];
  /** Whether a switch is on. */
  on(name: string): boolean;
  readonly positionals: readonly string[];
  /** What follows `--`; undefined without one. */
  readonly command: readonly string[] | undefined;
}

/** Flags that may be given more than once. */
const REPEATABLE: ReadonlySet<string> = new Set(["set", "policy-file"]);

function optionTable(flags: ArgsDef): Record<string, { type: "string" | "boolean"; multiple: true; short?: string }> {
  return Object.fromEntries(
    Object.entries(flags)
      .filter(([, flag]) => flag.type !== "positional")
      .map(([name, flag]) => [name, { type: flag.type === "boolean" ? "boolean" : "string", multiple: true }]),
  );
}

function unknownFlag(message: string, flags: ArgsDef): UsageError {
  const name = /'--?([^\s'=]+)/.exec(message)?.[1] ?? "";
  const hint = didYouMean(name, Object.keys(flags));
  return new UsageError(`unknown option ${name.length === 1 ? "-" : "--"}${name}`, hint);
}

/**
 * Parses what stands before `--`; `repeatable` flags aside, each may be given once.
 * @throws UsageError for an unknown flag, a missing or superfluous value, a flag given twice.
 */
export function parseFlags(args: readonly string[], flags: ArgsDef): Parsed {
  const dashes = args.indexOf("--");
  const head = dashes < 0 ? [...args] : args.slice(0, dashes);
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: head, options: optionTable(flags), strict: true, allowPositionals: true });
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw unknownFlag(message, flags);
    throw new UsageError(message.split("\n", 1)[0] ?? message);
  }
  const values = new Map(Object.entries(parsed.values).map(([name, list]) => [name, list as (string | boolean)[]]));
  for (const [name, list] of values) {
    if (list.length > 1 && !REPEATABLE.has(name)) throw new UsageError(`--${name} is given twice`);
    if (list.includes("")) throw new UsageError(`--${name} needs a value`);
  }
  const strings = (name: string): readonly string[] => (values.get(name) ?? []).map(String);
  return {
    value: (name) => strings(name).at(-1),
    values: strings,
    on: (name) => values.get(name)?.[0] === true,
    positionals: parsed.positionals,
    command: dashes < 0 ? undefined : args.slice(dashes + 1),
  };
}
