/** Tests on the arguments of a system call, as classic BPF. */

import type { ArgTest } from "../kernel/protections.ts";
import { SECCOMP_DATA_ARGS } from "../kernel/seccomp.ts";
import type { BackwardProgram, Place } from "./bpf.ts";

/** Offset of an argument's lower 32 bits in seccomp_data, bytes. Both architectures are little-endian. */
function lower(arg: number): number {
  return SECCOMP_DATA_ARGS + 8 * arg;
}

/** Goes to `yes` where the test holds, to `no` where it doesn't. Overwrites the accumulator. */
export function writeArgTest(program: BackwardProgram, test: ArgTest, yes: Place, no: Place): Place {
  const { arg } = test;
  if (test.is === "non_null") {
    const upperHalf = program.load(lower(arg) + 4, program.ifEqual(0, no, yes));
    return program.load(lower(arg), program.ifEqual(0, upperHalf, yes));
  }
  const { mask, values } = test;
  const [found, missed] = test.is === "one_of" ? [yes, no] : [no, yes];
  // "No bit of the mask" is one jump, without masking.
  if (mask !== undefined && values.length === 1 && values[0] === 0) {
    return program.load(lower(arg), program.ifAnyBit(mask, missed, found));
  }
  let place = missed;
  for (const value of values.toReversed()) place = program.ifEqual(value, found, place);
  if (mask !== undefined) place = program.and(mask, place);
  return program.load(lower(arg), place);
}
