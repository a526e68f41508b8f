/** What a path of a policy must look like once its variables are expanded. */

import type { Finding, KeyPath } from "../base/errors.ts";
import { PATH_BYTES_MAX } from "../base/limits.ts";
import { error, quote } from "./finding.ts";
import type { Expander } from "./variables.ts";

/**
 * The path with variables expanded, without doubled or trailing slashes; or what is wrong with it;
 * undefined where that was told of another path: a variable without a value.
 * @param at is copied where it is kept.
 */
export function readPath(text: string, at: KeyPath, expander: Expander): string | Finding | undefined {
  if (isFinal(text) && !text.includes("$")) return text;
  const key = [...at];
  if (text.startsWith("~")) {
    const rest = text.slice(1);
    const instead = rest === "" || rest.startsWith("/") ? `write ${quote(`\${HOME}${rest}`)}` : "write the whole path";
    return error("tilde-path", key, `${quote(text)}: "~" is not expanded`, instead);
  }
  const expanded = expander.expand(text);
  if (typeof expanded !== "string") {
    if (expanded.repeated === true) return undefined;
    return error(expanded.code, key, `${quote(text)}: ${expanded.message}`, expanded.hint);
  }
  if (!expanded.startsWith("/")) {
    return error("relative-path", key, `${quote(text)} is not an absolute path`, absoluteHint(text));
  }
  if (isFinal(expanded)) return expanded;
  if (expanded.includes("\0")) return error("bad-path", key, `${quote(text)} holds a NUL`);
  if (Buffer.byteLength(expanded) > PATH_BYTES_MAX) {
    return error("path-too-long", key, `the path is longer than ${PATH_BYTES_MAX} bytes`);
  }
  const parts = expanded.split("/").filter((part) => part !== "");
  if (parts.includes(".") || parts.includes("..")) {
    return error("bad-path", key, `${quote(text)} has a part "." or ".."`, "write the path without it");
  }
  return `/${parts.join("/")}`;
}

/** `$HOME/x`, as a shell has it. */
const SHELL_VARIABLE = /^\$([A-Za-z_][A-Za-z0-9_]*)(?=\/|$)/;

/** What to write instead of a path that isn't absolute. */
function absoluteHint(text: string): string | undefined {
  if (text === "") return undefined;
  const [start = "", name = ""] = SHELL_VARIABLE.exec(text) ?? [];
  if (name !== "") return `write ${quote(`\${${name === "PWD" ? "CWD" : name}}${text.slice(start.length)}`)}`;
  return `write ${quote(`\${CWD}/${text}`)} or ${quote(`\${POLICY_DIR}/${text}`)}`;
}

/** Whether a path is plainly in its final form, as nearly all are. A unit of UTF-16 takes at most three bytes in UTF-8. */
function isFinal(path: string): boolean {
  return (
    path.length * 3 <= PATH_BYTES_MAX &&
    path.startsWith("/") &&
    !path.includes("//") &&
    !path.includes("/.") &&
    !path.endsWith("/") &&
    !path.includes("\0")
  );
}
