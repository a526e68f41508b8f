import { expect, test } from "bun:test";
import { USUAL_CONDITIONS } from "../../../src/compile/conditions.ts";
import { assembleFilter, type FilterInput, plainKey } from "../../../src/compile/filter.ts";
import { compileFilter } from "../../../src/compile/run-filter.ts";
import { ARCHES } from "../../../src/kernel/syscalls.ts";

const PLAIN: FilterInput = { arch: "x86_64", deny: [], errno: 1, traps: [], allow: [], said: new Set() };

test("a prebuilt filter is the one that would be made now", () => {
  const seen = new Set<string>();
  for (const arch of ARCHES) {
    for (const said of USUAL_CONDITIONS) {
      const input = { ...PLAIN, arch, said };
      expect(compileFilter(input)).toEqual(assembleFilter(input));
      seen.add(compileFilter(input).toHex());
    }
  }
  expect(seen.size).toBe(ARCHES.length * USUAL_CONDITIONS.length);
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
