import { expect, test } from "bun:test";
import { assembleFilter, type FilterInput, plainKey } from "../../../src/compile/filter.ts";
import { compileFilter } from "../../../src/compile/run-filter.ts";
import { ARCHES } from "../../../src/kernel/syscalls.ts";

const PLAIN: FilterInput = { arch: "x86_64", deny: [], errno: 1, traps: [], allow: [], execute: false, net: false };

test("a prebuilt filter is the one that would be made now", () => {
  const seen = new Set<string>();
  for (const arch of ARCHES) {
    for (const execute of [false, true]) {
      for (const net of [false, true]) {
        const input = { ...PLAIN, arch, execute, net };
        expect(compileFilter(input)).toEqual(assembleFilter(input));
        seen.add(compileFilter(input).toHex());
      }
    }
  }
  expect(seen.size).toBe(8);
});

test.each([{ deny: ["getpid"] }, { allow: ["io_uring"] }, { traps: [{ syscalls: ["openat"] }] }])(
  "what a policy says of seccomp is in its filter: %p",
  (said) => {
    const input: FilterInput = { ...PLAIN, ...said };
    expect(plainKey(input)).toBeUndefined();
    expect(compileFilter(input)).toEqual(assembleFilter(input));
    expect(compileFilter(input)).not.toEqual(compileFilter(PLAIN));
  },
);
