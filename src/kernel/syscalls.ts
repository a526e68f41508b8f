/** System call numbers by architecture. Tables are built on first use: most starts of landlockd need few or none. */

import { AARCH64_SYSCALLS } from "./syscalls-aarch64.ts";
import { X86_64_SYSCALLS } from "./syscalls-x86_64.ts";

/** The architectures that landlockd knows, by the names of uname(2). */
export type Arch = "x86_64" | "aarch64";

export const ARCHES: readonly Arch[] = ["x86_64", "aarch64"];

/** What seccomp_data.arch holds for a native call. Source: linux/audit.h. */
export const AUDIT_ARCH: Readonly<Record<Arch, number>> = {
  x86_64: 0xc000003e,
  aarch64: 0xc00000b7,
};

/** Set in the number of an x32 call, which has the audit architecture of x86_64. Source: asm/unistd.h. */
export const X32_SYSCALL_BIT = 0x40000000;

const SOURCES: Readonly<Record<Arch, string>> = { x86_64: X86_64_SYSCALLS, aarch64: AARCH64_SYSCALLS };

const tables: Partial<Record<Arch, ReadonlyMap<string, number>>> = {};

/** Name to number, in ascending order of numbers. */
export function syscallTable(arch: Arch): ReadonlyMap<string, number> {
  tables[arch] ??= parse(SOURCES[arch]);
  return tables[arch];
}

function parse(source: string): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  let next = 0;
  for (const word of source.trim().split(/\s+/)) {
    if (word.startsWith("=")) next = Number(word.slice(1));
    else table.set(word, next++);
  }
  return table;
}

/** The number of a system call; undefined where the architecture has none of that name. */
export function syscallNumber(arch: Arch, name: string): number | undefined {
  return syscallTable(arch).get(name);
}

/** The name behind a number; undefined for a number that the table doesn't hold. */
export function syscallName(arch: Arch, number: number): string | undefined {
  for (const [name, candidate] of syscallTable(arch)) if (candidate === number) return name;
  return undefined;
}

/** The largest number in the table: calls beyond it are newer than landlockd. */
export function highestSyscall(arch: Arch): number {
  let highest = 0;
  // Ascending: the last one is the highest.
  for (const number of syscallTable(arch).values()) highest = number;
  return highest;
}

/** Whether any supported architecture has a system call of that name. */
export function isSyscallName(name: string): boolean {
  return ARCHES.some((arch) => syscallTable(arch).has(name));
}

/** Every name of every supported architecture. */
export function syscallNames(): ReadonlySet<string> {
  return new Set(ARCHES.flatMap((arch) => [...syscallTable(arch).keys()]));
}
