/** Short ways to say what is wrong. Every code is listed, with what it means, in `codes.ts`. */

import type { Finding, KeyPath } from "../base/errors.ts";

export function error(code: string, key: KeyPath, message: string, hint?: string): Finding {
  return { code, severity: "error", key, message, ...(hint === undefined ? {} : { hint }) };
}

export function warning(code: string, key: KeyPath, message: string, hint?: string): Finding {
  return { code, severity: "warning", key, message, ...(hint === undefined ? {} : { hint }) };
}

/** Longest piece of a policy that is repeated in a message, in characters. */
const QUOTE_MAX = 120;

/** A value from a policy as part of a message: on one line, with control characters escaped, never endless. */
export function quote(value: string): string {
  const short = value.length > QUOTE_MAX ? `${value.slice(0, QUOTE_MAX)}…` : value;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const BARE_KEY = /^[A-Za-z0-9_-]+$/;

/** A key as one writes it: `fs_layer[0].rule[2].path`. */
export function dotted(key: KeyPath): string {
  let text = "";
  for (const part of key) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${BARE_KEY.test(part) ? part : quote(part)}`;
  }
  return text;
}
