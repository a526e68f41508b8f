/** Small ELF files for the tests of the link step: headers that are right, bodies that don't matter. */
import {
  EHDR_BYTES,
  EM_X86_64,
  ET_EXEC,
  encodeProgramHeaders,
  PF_R,
  PF_W,
  PF_X,
  type ProgramHeader,
  PT_DYNAMIC,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
} from "../../../tools/elf.ts";

export interface Crafted {
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly sizeBytes: number;
  readonly headers: readonly ProgramHeader[];
  /** Where the interpreter's path goes. */
  readonly interp?: { readonly offset: number; readonly text: string };
}

export function segment(type: number, flags: number, offset: number, address: number, bytes: number): ProgramHeader {
  return { type, flags, offset, address, fileBytes: bytes, memoryBytes: bytes, align: 0x1000 };
}

const stack: ProgramHeader = segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0);
const interp = { offset: 0x238, text: "/lib64/ld-linux-x86-64.so.2\0" };

/** Like Bun 1.4.5: three segments from 0x200000 on, an interpreter, a dynamic section. */
export const bun: Crafted = {
  type: ET_EXEC,
  machine: EM_X86_64,
  entry: 0x202010,
  sizeBytes: 0x3123,
  interp,
  headers: [
    segment(PT_INTERP, PF_R, interp.offset, 0x200238, interp.text.length),
    segment(PT_LOAD, PF_R, 0, 0x200000, 0x1000),
    segment(PT_LOAD, PF_R | PF_X, 0x1000, 0x202000, 0x800),
    segment(PT_LOAD, PF_R | PF_W, 0x1800, 0x203800, 0x900),
    segment(PT_DYNAMIC, PF_R | PF_W, 0x1900, 0x203900, 0x100),
    stack,
  ],
};

export const front: Crafted = {
  type: ET_EXEC,
  machine: EM_X86_64,
  entry: 0x111000,
  sizeBytes: 0x1200,
  headers: [segment(PT_LOAD, PF_R | PF_X, 0, 0x110000, 0x1100), stack],
};

export function craft(elf: Crafted): Uint8Array {
  const bytes = new Uint8Array(elf.sizeBytes).fill(0x90);
  bytes.fill(0, 0, EHDR_BYTES);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, elf.type, true);
  view.setUint16(18, elf.machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(elf.entry), true);
  view.setBigUint64(32, BigInt(EHDR_BYTES), true);
  view.setUint16(52, EHDR_BYTES, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, elf.headers.length, true);
  bytes.set(encodeProgramHeaders(elf.headers), EHDR_BYTES);
  if (elf.interp !== undefined) bytes.set(new TextEncoder().encode(elf.interp.text), elf.interp.offset);
  return bytes;
}

/** The same file with one program header changed. */
export function withHeader(elf: Crafted, index: number, change: Partial<ProgramHeader>): Crafted {
  return { ...elf, headers: elf.headers.map((each, at) => (at === index ? { ...each, ...change } : each)) };
}
