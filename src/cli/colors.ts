/** Colours only where a person sees them: on a terminal, unless NO_COLOR says otherwise (no-color.org). */

import { isatty } from "node:tty";

export interface Paint {
  bold(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  dim(text: string): string;
}

const plain = (text: string): string => text;
const PLAIN: Paint = { bold: plain, red: plain, green: plain, yellow: plain, dim: plain };

/** Painters for an fd. consola is loaded only where there is something to paint. */
export async function paintFor(fd: 1 | 2): Promise<Paint> {
  const { NO_COLOR: noColor = "", FORCE_COLOR: force = "", TERM: term = "" } = process.env;
  const wanted = force !== "" && force !== "0" ? true : noColor === "" && term !== "dumb" && isatty(fd);
  if (!wanted) return PLAIN;
  const { getColor } = await import("consola/utils");
  const ansi = (name: "bold" | "red" | "green" | "yellow" | "dim"): ((text: string) => string) => {
    const paint = getColor(name);
    return (text) => String(paint(text));
  };
  return { bold: ansi("bold"), red: ansi("red"), green: ansi("green"), yellow: ansi("yellow"), dim: ansi("dim") };
}
