import { describe, expect, test } from "bun:test";
import { brokerTraps } from "../../../src/compile/broker.ts";
import { assembleTraps } from "../../../src/compile/filter.ts";
import {
  ARCH_FLAGS,
  O_APPEND,
  O_CREAT,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  S_IFCHR,
  S_IFIFO,
  S_IFREG,
} from "../../../src/kernel/file.ts";
import { ARCHES, type Arch, AUDIT_ARCH, syscallNumber, syscallTable } from "../../../src/kernel/syscalls.ts";
import type { Broker } from "../../../src/policy/policy.ts";
import { isCachedAllow, simulate } from "../../harness/bpf-simulator.ts";
import { NO_BROKER } from "../../harness/host.ts";

const NOTIFY = 0x7fc00000;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;

describe.each([...ARCHES])("%s", (arch: Arch) => {
  /** The filter's answer to a call by name; undefined where the architecture lacks it. */
  function answer(lists: Partial<Broker>, name: string, args: readonly number[]): number | undefined {
    const filter = assembleTraps(arch, brokerTraps({ ...NO_BROKER, ...lists }, arch));
    const nr = syscallNumber(arch, name);
    return nr === undefined ? undefined : simulate(filter, { nr, arch: AUDIT_ARCH[arch], args: args.map(BigInt) });
  }

  const opened = (lists: Partial<Broker>, flags: number): boolean => answer(lists, "openat", [0, 0, flags]) === NOTIFY;

  test("a table without a list traps nothing", () => {
    expect(brokerTraps(NO_BROKER, arch)).toEqual([]);
    expect(brokerTraps(undefined, arch)).toEqual([]);
  });

  test("only what a list can concern is trapped, as far as the flags tell", () => {
    const read = { allow_read: ["/a"] };
    const write = { allow_write: ["/a"] };
    const scratch = { scratch: ["/a"] };
    const flags = [O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_CREAT, O_WRONLY | O_APPEND];
    expect(flags.map((each) => opened(read, each))).toEqual([true, false, false, false, true, false]);
    expect(flags.map((each) => opened(write, each))).toEqual([false, true, true, true, true, true]);
    expect(flags.map((each) => opened(scratch, each))).toEqual(flags.map(() => true));
    expect(flags.map((each) => opened({ ...read, ...write }, each))).toEqual(flags.map(() => true));
    const { O_DIRECTORY } = ARCH_FLAGS[arch];
    for (const lists of [read, write, scratch]) {
      expect(opened(lists, O_PATH)).toBe(false);
      expect(opened(lists, O_PATH | O_DIRECTORY | O_RDWR)).toBe(false);
      expect(answer(lists, "openat2", [])).toBe(NOTIFY);
    }
    expect(answer(read, "mkdirat", [])).toBe(ALLOW);
    expect(answer(write, "unlinkat", [])).toBe(ALLOW);
    expect(answer(scratch, "unlinkat", [])).toBe(NOTIFY);
  });

  test("plain files and FIFOs are made by the broker, devices aren't", () => {
    const made = (mode: number): number | undefined => answer({ scratch: ["/a"] }, "mknodat", [0, 0, mode]);
    expect([0o644, S_IFREG | 0o644, S_IFIFO].map(made)).toEqual([NOTIFY, NOTIFY, NOTIFY]);
    expect(made(S_IFCHR | 0o644)).toBe(ALLOW);
  });

  test("every other call is allowed without a look at its arguments, and a foreign one ends the process", () => {
    const filter = assembleTraps(arch, brokerTraps({ ...NO_BROKER, scratch: ["/a"] }, arch));
    for (const name of ["read", "write", "mmap", "close", "futex", "execve"]) {
      expect(isCachedAllow(filter, syscallTable(arch).get(name) ?? -1, AUDIT_ARCH[arch])).toBe(true);
    }
    expect(simulate(filter, { nr: 0, arch: 0x40000003, args: [] })).toBe(KILL);
  });
});
