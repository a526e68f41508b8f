/**
 * Variables in paths: `${CWD}`, `${HOME}`, `${TMPDIR}`, `${UID}`, `${POLICY_DIR}` and those of `--set NAME=VALUE`.
 * A value is data: it is inserted once and never read again for variables. `$${` stands for a literal `${`.
 */

import { UsageError } from "../base/errors.ts";
import { VARIABLE_BYTES_MAX } from "../base/limits.ts";
import { didYouMean } from "../base/suggest.ts";

/** Where the values come from. */
export interface VariableContext {
  /** The working directory; undefined where it was removed. */
  readonly cwd: string | undefined;
  /** The environment that landlockd was started with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The real user id. */
  readonly uid: number;
  /** What `--set` gives; it goes before the built-in variables. */
  readonly set: ReadonlyMap<string, string>;
}

/** One variable that a policy used, with its value: part of what the compiled plan depends on. */
export interface VariableUse {
  readonly name: string;
  readonly value: string;
}

/** Why a text could not be expanded; message and hint as in a Finding. */
export interface ExpandProblem {
  readonly code: "undefined-variable" | "bad-variable" | "bad-variable-syntax";
  readonly message: string;
  readonly hint?: string;
  /** The same variable was told before. */
  readonly repeated?: boolean;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * What a decoder puts in the place of bytes that aren't UTF-8. A path that holds it may have been another, and whoever
 * names folders beside the real one could make one of this name.
 */
export const NOT_UTF8 = "\ufffd";

const BUILT_IN = ["CWD", "HOME", "TMPDIR", "UID", "POLICY_DIR"] as const;

/**
 * Reads the arguments of `--set`.
 * @throws UsageError for an argument that isn't NAME=VALUE, and for a name that is set twice.
 */
export function parseSettings(settings: readonly string[]): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    const name = setting.slice(0, Math.max(equals, 0));
    if (equals < 0) throw new UsageError(`--set ${JSON.stringify(setting)}: "=" is missing`, "write --set NAME=VALUE");
    if (!NAME.test(name)) {
      throw new UsageError(
        `--set ${JSON.stringify(setting)}: ${JSON.stringify(name)} is not a variable name`,
        "a name has letters, digits and _, and doesn't start with a digit",
      );
    }
    if (set.has(name)) throw new UsageError(`--set ${name} is given twice`);
    set.set(name, setting.slice(equals + 1));
  }
  return set;
}

/** Expands the paths of one policy and remembers what they used. */
export class Expander {
  readonly #context: VariableContext;
  readonly #policyDir: string | undefined;
  readonly #uses = new Map<string, string>();
  /** The variables whose lack, or value, was told. */
  readonly #told = new Set<string>();

  constructor(context: VariableContext, policyDir: string | undefined) {
    this.#context = context;
    this.#policyDir = policyDir;
  }

  /** What was used so far, by name. */
  uses(): readonly VariableUse[] {
    return [...this.#uses].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The text with every variable replaced by its value, or the first reason why that can't be done. */
  expand(text: string): string | ExpandProblem {
    if (!text.includes("${")) return text;
    let result = "";
    let rest = 0;
    for (let start = text.indexOf("${"); start >= 0; start = text.indexOf("${", rest)) {
      if (text[start - 1] === "$" && start - 1 >= rest) {
        result += `${text.slice(rest, start - 1)}\${`;
        rest = start + 2;
        continue;
      }
      const end = text.indexOf("}", start);
      const name = text.slice(start + 2, end < 0 ? undefined : end);
      if (end < 0 || !NAME.test(name)) return syntaxProblem(end < 0);
      const value = this.#value(name, start === 0);
      if (typeof value !== "string") return value;
      this.#uses.set(name, value);
      result += text.slice(rest, start) + value;
      rest = end + 1;
    }
    return result + text.slice(rest);
  }

  #value(name: string, atStart: boolean): string | ExpandProblem {
    const value = this.#lookUp(name);
    const problem = value === undefined ? undefined : valueProblem(value, atStart);
    if (value !== undefined && problem === undefined) return value;
    const repeated = this.#told.has(name);
    this.#told.add(name);
    if (value === undefined) return { ...this.#undefinedProblem(name), repeated };
    return {
      repeated,
      code: "bad-variable",
      message: `the value of \${${name}}, ${JSON.stringify(value.slice(0, 120))}, ${problem}`,
      hint:
        this.#context.set.has(name) || name === "UID"
          ? `correct --set ${name}=…`
          : `give another one by --set ${name}=…`,
    };
  }

  #lookUp(name: string): string | undefined {
    const { set, env, cwd, uid } = this.#context;
    const given = set.get(name);
    if (given !== undefined) return given;
    switch (name) {
      case "CWD":
        return cwd;
      case "HOME":
        return env["HOME"];
      case "TMPDIR":
        return env["TMPDIR"] ?? "/tmp";
      case "UID":
        return String(uid);
      case "POLICY_DIR":
        return this.#policyDir;
      default:
        return undefined;
    }
  }

  #undefinedProblem(name: string): ExpandProblem {
    const message = `\${${name}} has no value`;
    const code = "undefined-variable";
    switch (name) {
      case "CWD":
        return { code, message: `${message}: the working directory was removed` };
      case "HOME":
        return { code, message: `${message}: HOME isn't set in the environment`, hint: "give it by --set HOME=/…" };
      case "POLICY_DIR":
        return {
          code,
          message: `${message}: a policy that is built in, or comes by a pipe, is in no folder`,
          hint: "give it by --set POLICY_DIR=/…",
        };
      default: {
        const similar = didYouMean(name, [...BUILT_IN, ...this.#context.set.keys()]);
        return {
          code,
          message,
          hint: `${similar === undefined ? "" : `${similar} or `}give it by --set ${name}=VALUE`,
        };
      }
    }
  }
}

function syntaxProblem(unclosed: boolean): ExpandProblem {
  return {
    code: "bad-variable-syntax",
    message: unclosed ? '"${" without "}"' : 'between "${" and "}" stands no variable name',
    hint: 'write "$${" for a literal "${"',
  };
}

/** Why a value can't be part of a path: undefined when it can. */
function valueProblem(value: string, atStart: boolean): string | undefined {
  if (value === "") return "is empty";
  if (value.includes("\0")) return "holds a NUL";
  if (value.includes(NOT_UTF8)) return "isn't UTF-8";
  if (value.length * 3 > VARIABLE_BYTES_MAX && Buffer.byteLength(value) > VARIABLE_BYTES_MAX)
    return `is longer than ${VARIABLE_BYTES_MAX} bytes`;
  if (atStart && !value.startsWith("/")) return "isn't an absolute path, and stands where a path starts";
  if (value === "/") return undefined;
  const parts = value.split("/");
  if (value.startsWith("/")) parts.shift();
  if (parts.includes("")) return 'isn\'t a clean path: it has an empty part ("//" or a "/" at its end)';
  if (parts.includes(".") || parts.includes("..")) return 'isn\'t a clean path: it has a part "." or ".."';
  return undefined;
}
