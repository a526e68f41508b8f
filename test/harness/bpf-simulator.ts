/**
 * Classic BPF as the kernel's seccomp runs it, and its analysis of which calls need not run it. Written from
 * kernel/seccomp.c (seccomp_check_filter, seccomp_is_const_allow) and Documentation/networking/filter.rst, not from the
 * assembler: opcodes are spelled out again on purpose.
 */

export interface SeccompData {
  readonly nr: number;
  readonly arch: number;
  readonly args: readonly bigint[];
}

interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const ALLOW = 0x7fff0000;

/** What the kernel checks before it takes a filter; throws where it would answer EINVAL. */
export function checkFilter(bytes: Uint8Array): readonly Instruction[] {
  if (bytes.length % 8 !== 0) throw new Error("not a whole number of instructions");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const program: Instruction[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    program.push({
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    });
  }
  if (program.length === 0 || program.length > 4096) throw new Error(`${program.length} instructions`);
  for (const [pc, instruction] of program.entries()) checkInstruction(instruction, pc, program.length);
  if (program.at(-1)?.code !== 0x06) throw new Error("doesn't end in a return");
  return program;
}

function checkInstruction({ code, jt, jf, k }: Instruction, pc: number, length: number): void {
  switch (code) {
    case 0x20:
      if (k % 4 !== 0 || k >= 64) throw new Error(`load at offset ${k}`);
      return;
    case 0x05:
      if (pc + k + 1 >= length) throw new Error(`jump out of the program at ${pc}`);
      return;
    case 0x15:
    case 0x35:
    case 0x45:
      if (pc + 1 + Math.max(jt, jf) >= length) throw new Error(`branch out of the program at ${pc}`);
      return;
    case 0x06:
    case 0x54:
      return;
    default:
      throw new Error(`opcode 0x${code.toString(16)} at ${pc}`);
  }
}

/** The 32 bits of struct seccomp_data at an offset, on a little-endian machine. */
function word(data: SeccompData, offset: number): number {
  if (offset === 0) return data.nr >>> 0;
  if (offset === 4) return data.arch >>> 0;
  if (offset < 16) return 0;
  const arg = data.args[(offset - 16) >> 3] ?? 0n;
  return Number((offset % 8 === 0 ? arg : arg >> 32n) & 0xffffffffn);
}

/** What the filter returns for a call: a SECCOMP_RET_* value. */
export function simulate(bytes: Uint8Array, data: SeccompData): number {
  return run(checkFilter(bytes), (offset) => word(data, offset)) ?? 0;
}

/**
 * Whether the kernel finds that a call is always allowed (seccomp_is_const_allow): the program reaches ALLOW without
 * loading anything but the number and the architecture.
 */
export function isCachedAllow(bytes: Uint8Array, nr: number, arch: number): boolean {
  const result = run(checkFilter(bytes), (offset) => {
    if (offset === 0) return nr;
    return offset === 4 ? arch : undefined;
  });
  return result === ALLOW;
}

/** Undefined where `read` doesn't know the word. */
function run(program: readonly Instruction[], read: (offset: number) => number | undefined): number | undefined {
  let accumulator = 0;
  for (let pc = 0; ; pc++) {
    const { code, jt, jf, k } = program[pc] as Instruction;
    if (code === 0x06) return k;
    if (code === 0x20) {
      const loaded = read(k);
      if (loaded === undefined) return undefined;
      accumulator = loaded >>> 0;
    } else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) pc += k;
    else if (code === 0x15) pc += accumulator === k ? jt : jf;
    else if (code === 0x35) pc += accumulator >= k ? jt : jf;
    else pc += (accumulator & k) !== 0 ? jt : jf;
  }
}
