import { expect, test } from "bun:test";
import { BackwardProgram, ProgramTooLongError } from "../../../src/compile/bpf.ts";
import { checkFilter, simulate } from "../../harness/bpf-simulator.ts";

const data = (nr: number): { nr: number; arch: number; args: bigint[] } => ({ nr, arch: 0, args: [] });

test("a branch goes to its two places", () => {
  const program = new BackwardProgram();
  const no = program.ret(1);
  const yes = program.ret(2);
  program.load(0, program.ifEqual(7, yes, no));
  const bytes = program.assemble();
  expect(simulate(bytes, data(7))).toBe(2);
  expect(simulate(bytes, data(8))).toBe(1);
});

test("the bytes are those of struct sock_filter", () => {
  const program = new BackwardProgram();
  const no = program.ret(0x7fff0000);
  const yes = program.ret(0x80000000);
  program.load(4, program.ifGreaterEqual(0xc000003e, yes, no));
  expect(program.assemble().toHex()).toBe(
    ["2000000004000000", "350000013e0000c0", "0600000000000080", "060000000000ff7f"].join(""),
  );
});

test("comparisons are unsigned", () => {
  const program = new BackwardProgram();
  const no = program.ret(1);
  const yes = program.ret(2);
  program.load(0, program.ifGreaterEqual(0x80000000, yes, no));
  expect(simulate(program.assemble(), data(0x7fffffff))).toBe(1);
  expect(simulate(program.assemble(), data(0x80000000))).toBe(2);
});

for (const distance of [253, 254, 255, 256, 257, 258, 600]) {
  test(`branches reach over ${distance} instructions, either way`, () => {
    for (const far of ["yes", "no", "both"]) {
      const program = new BackwardProgram();
      const target = program.ret(1);
      const other = program.ret(2);
      let near = program.ret(3);
      for (let index = 0; index < distance; index++) near = program.and(0xffffffff, near);
      const yes = far === "no" ? near : target;
      const no = far === "yes" ? near : far === "both" ? other : target;
      program.load(0, program.ifEqual(7, yes, no));
      const bytes = program.assemble();
      checkFilter(bytes);
      expect(simulate(bytes, data(7))).toBe(far === "no" ? 3 : 1);
      expect(simulate(bytes, data(8))).toBe(far === "yes" ? 3 : far === "both" ? 2 : 1);
    }
  });
}

test("a statement whose next place is elsewhere jumps there", () => {
  const program = new BackwardProgram();
  const wanted = program.ret(1);
  program.ret(2);
  program.load(0, wanted);
  expect(simulate(program.assemble(), data(0))).toBe(1);
});

test("equal returns are one instruction while they are in reach", () => {
  const program = new BackwardProgram();
  expect(program.ret(1)).toBe(program.ret(1));
  let place = program.ret(2);
  for (let index = 0; index < 255; index++) place = program.and(1, place);
  expect(program.ret(1)).toBeGreaterThan(place);
});

test("4096 instructions are taken, 4097 refused", () => {
  const program = new BackwardProgram();
  let place = program.ret(1);
  while (program.length < 4096) place = program.and(1, place);
  expect(program.assemble().length).toBe(4096 * 8);
  program.and(1, place);
  expect(() => program.assemble()).toThrow(ProgramTooLongError);
});

test("a place that isn't written yet is a bug, not a jump", () => {
  const program = new BackwardProgram();
  const place = program.ret(1);
  expect(() => program.ifEqual(0, place, place + 1)).toThrow("no instruction at place 2");
  expect(() => program.load(0, 0)).toThrow("no instruction at place 0");
});
