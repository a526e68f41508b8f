/**
 * Strict command lines. citty describes the commands; its own parser lets unknown flags pass and keeps the last of
 * repeated ones, which a security tool can't, and `node:util` costs every start 3 ms: so flags are parsed here.
 */

import type { ArgsDef } from "citty";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { NOT_UTF8 } from "../policy/variables.ts";

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

interface Collected {
  /** By flag; a switch that is on has an empty list. */
  readonly values: Map<string, string[]>;
  readonly positionals: string[];
}

function unknownFlag(argument: string, flags: ArgsDef): UsageError {
  const [, dashes = "-", name = ""] = /^(--?)([^=]*)/.exec(argument) ?? [];
  return new UsageError(
    `unknown option ${dashes}${name}`,
    didYouMean(
      `--${name}`,
      Object.keys(flags).map((flag) => `--${flag}`),
    ),
  );
}

/** The value of `--name=value`, or of the argument behind `--name`. One that looks like a flag is a forgotten value. */
function flagValue(name: string, inline: string | undefined, next: string | undefined): string {
  const value = inline ?? next;
  if (value === undefined || value === "") throw new UsageError(`--${name} needs a value`);
  if (value.includes(NOT_UTF8)) throw new UsageError(`the value of --${name} isn't UTF-8`);
  if (inline === undefined && value.length > 1 && value.startsWith("-")) {
    throw new UsageError(
      `--${name} needs a value, and ${JSON.stringify(value)} looks like an option`,
      `write --${name}=${value}`,
    );
  }
  return value;
}

/** `-o` as the flag that has it for an alias: an argument of its own, with the value in the next. */
function spelledOut(argument: string, flags: ArgsDef): string {
  const found = Object.entries(flags).find(([, flag]) => "alias" in flag && argument === `-${String(flag.alias)}`);
  return found === undefined ? argument : `--${found[0]}`;
}

/** Takes one flag at the head of `rest` into `into`. @returns how many arguments it was. */
function takeFlag(rest: readonly string[], flags: ArgsDef, into: Collected): 1 | 2 {
  const argument = spelledOut(rest[0] ?? "", flags);
  const equals = argument.indexOf("=");
  const name = argument.slice(2, equals < 0 ? undefined : equals);
  const flag = argument.startsWith("--") && Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined || flag.type === "positional") throw unknownFlag(argument, flags);
  const known = into.values.get(name);
  if (known !== undefined && !REPEATABLE.has(name)) throw new UsageError(`--${name} is given twice`);
  const inline = equals < 0 ? undefined : argument.slice(equals + 1);
  if (flag.type === "boolean") {
    if (inline !== undefined) throw new UsageError(`--${name} takes no value`);
    into.values.set(name, []);
    return 1;
  }
  into.values.set(name, [...(known ?? []), flagValue(name, inline, rest[1])]);
  return inline === undefined ? 2 : 1;
}

/**
 * Parses what stands before `--`; `repeatable` flags aside, each may be given once.
 * @throws UsageError for an unknown flag, a missing or superfluous value, a flag given twice.
 */
export function parseFlags(args: readonly string[], flags: ArgsDef): Parsed {
  const dashes = args.indexOf("--");
  const head = dashes < 0 ? args : args.slice(0, dashes);
  const { values, positionals }: Collected = { values: new Map(), positionals: [] };
  for (let at = 0; at < head.length; ) {
    const argument = head[at] ?? "";
    if (argument.length > 1 && argument.startsWith("-")) {
      at += takeFlag(head.slice(at), flags, { values, positionals });
    } else {
      positionals.push(argument);
      at += 1;
    }
  }
  return {
    value: (name) => values.get(name)?.at(-1),
    values: (name) => values.get(name) ?? [],
    on: (name) => values.has(name),
    positionals,
    command: dashes < 0 ? undefined : args.slice(dashes + 1),
  };
}
