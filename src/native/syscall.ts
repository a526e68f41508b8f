/** System calls on JavaScript's behalf: numbers in, what the kernel returned out (>= 0, or -errno). */

import type { Arch } from "../kernel/syscalls.ts";
import { addressOf, native } from "./library.ts";
import { numberTexts } from "./numbers.ts" with { type: "macro" };

/** The architecture that this process runs as. */
export const ARCH: Arch = process.arch === "x64" ? "x86_64" : "aarch64";

const NUMBERS: string = numberTexts()[ARCH] ?? "";
const numbers = new Map<string, number>();

/** The number of a system call on this architecture. A name that it lacks is a bug in the caller. */
export function numberOf(name: string): number {
  let number = numbers.get(name);
  if (number === undefined) {
    const at = NUMBERS.indexOf(`\n${name}=`);
    if (at < 0) throw new Error(`no system call ${name} on ${ARCH}`);
    number = Number.parseInt(NUMBERS.slice(at + name.length + 2, at + name.length + 6), 10);
    numbers.set(name, number);
  }
  return number;
}

/** An argument: an integer (at most 53 bits) or memory that the kernel reads or writes during the call. */
export type Argument = number | NodeJS.TypedArray;

function plain(argument: Argument): number {
  return typeof argument === "number" ? argument : addressOf(argument);
}

/** Calls by number: >= 0, or -errno. Blocks the whole thread while the kernel does. */
export function syscallByNumber(
  number: number,
  a: Argument = 0,
  b: Argument = 0,
  c: Argument = 0,
  d: Argument = 0,
  e: Argument = 0,
  f: Argument = 0,
): number {
  return native().ll_syscall(number, plain(a), plain(b), plain(c), plain(d), plain(e), plain(f));
}

/** Calls by name: >= 0, or -errno. */
export function syscall(name: string, ...args: Argument[]): number {
  return syscallByNumber(numberOf(name), ...args);
}

/** Native, where Buffer's first use is 0.3 ms of code that a start has no other need of. */
const encoder = new TextEncoder();

/** A path, or any string, as the kernel wants it. */
export function cString(text: string | Uint8Array): Uint8Array {
  if (typeof text === "string") return encoder.encode(`${text}\0`);
  const bytes = new Uint8Array(text.length + 1);
  bytes.set(text);
  return bytes;
}
