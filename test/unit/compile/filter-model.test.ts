import { expect, test } from "bun:test";
import { assembleFilter, type FilterInput } from "../../../src/compile/filter.ts";
import { type ArgTest, PROTECTIONS, protectionNames } from "../../../src/kernel/protections.ts";
import { ARCHES, AUDIT_ARCH, syscallTable } from "../../../src/kernel/syscalls.ts";
import { isCachedAllow, simulate } from "../../harness/bpf-simulator.ts";
import { Random } from "../../harness/random.ts";

const CONDITIONS = PROTECTIONS.flatMap(({ when }) => (when === "always" ? [] : [when]));

/** What the documentation says of a call, without any BPF. */
function model(input: FilterInput, name: string, args: readonly bigint[]): number {
  if (input.deny.includes(name)) return 0x50000 + input.errno;
  const trapped = input.traps.some(({ syscalls, tests }) => syscalls.includes(name) && holdAll(tests, args));
  if (trapped) return 0x7fc00000;
  for (const line of PROTECTIONS) {
    if (line.when !== "always" && !input.said.has(line.when)) continue;
    if (input.allow.includes(line.name) || input.allow.includes(name)) continue;
    const closed = line.matches.some(({ syscalls, tests }) => syscalls.includes(name) && holdAll(tests, args));
    if (closed) return 0x50000 + line.errno;
  }
  return 0x7fff0000;
}

function holdAll(tests: readonly ArgTest[] | undefined, args: readonly bigint[]): boolean {
  return (tests ?? []).every((each) => {
    const value = args[each.arg] ?? 0n;
    if (each.is === "non_null") return value !== 0n;
    const masked = Number(value & 0xffffffffn & BigInt(each.mask ?? 0xffffffff));
    return each.values.includes(masked) === (each.is === "one_of");
  });
}

/** Values around which the tests decide, and noise in both halves of the register. */
function randomArg(random: Random): bigint {
  const edges = [
    0, 1, 2, 3, 5, 8, 10, 16, 17, 40, 58, 132, 262, 0x80, 0x5412, 0x541c, 0x20000, 0x20000000, 0x10000000, 0o100,
    0o4755, 0o2705, 0o755,
  ];
  const low = random.below(4) === 0 ? random.word() : random.one(edges);
  const high = random.below(3) === 0 ? random.word() : 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

function randomInput(random: Random): FilterInput {
  const arch = random.one(ARCHES);
  const names = [...syscallTable(arch).keys()];
  const trapTests: readonly ArgTest[] = [{ arg: 2, mask: 3, is: "none_of", values: [0] }];
  return {
    arch,
    deny: random.some(names, random.one([2, 10, 100, 1_000_000])),
    errno: 1 + random.below(4095),
    traps: [{ syscalls: random.some(names, 40), tests: trapTests }, { syscalls: random.some(names, 60) }],
    allow: random.some([...protectionNames()], random.one([2, 6, 1_000_000])),
    said: new Set(random.some(CONDITIONS, 2)),
  };
}

test("every filter answers every call as the model does, and caches what it always allows", () => {
  const random = new Random(20260301);
  for (let round = 0; round < 60; round++) {
    const input = randomInput(random);
    const filter = assembleFilter(input);
    const arch = AUDIT_ARCH[input.arch];
    for (const [name, nr] of syscallTable(input.arch)) {
      const answers = new Set<number>();
      for (let attempt = 0; attempt < 4; attempt++) {
        const args = Array.from({ length: 6 }, () => randomArg(random));
        const expected = model(input, name, args);
        answers.add(expected);
        expect([round, name, args, simulate(filter, { nr, arch, args })]).toEqual([round, name, args, expected]);
      }
      if (isCachedAllow(filter, nr, arch)) expect([...answers]).toEqual([0x7fff0000]);
    }
  }
});

test("the longest filters stay far below the kernel's limit", () => {
  for (const arch of ARCHES) {
    const names = [...syscallTable(arch).keys()];
    const everySecond = names.filter((_, index) => index % 2 === 0);
    const tests: readonly ArgTest[] = [{ arg: 0, mask: 0xff, is: "one_of", values: [1, 2, 3, 4, 5, 6, 7, 8] }];
    const filter = assembleFilter({
      arch,
      deny: everySecond,
      errno: 1,
      traps: names.map((name) => ({ syscalls: [name], tests: [...tests] })),
      allow: [],
      said: new Set(CONDITIONS),
    });
    expect(filter.length / 8).toBeLessThan(4096);
  }
});
