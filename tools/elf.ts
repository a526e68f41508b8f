/** The parts of ELF64, little-endian, that the link step reads and writes. Source: elf(5), System V gABI 4.1. */

export const EHDR_BYTES = 64;
export const PHDR_BYTES = 56;

export const ET_EXEC = 2;
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_TLS = 7;
export const PT_GNU_STACK = 0x6474e551;

export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

/** The file isn't the ELF file that the link step expects. Nothing has been written. */
export class ElfError extends Error {
  override readonly name: string = "ElfError";
}

export interface ElfHeader {
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  /** File offset of the program header table. */
  readonly phOffset: number;
  readonly phCount: number;
}

/** One program header; offsets and sizes in bytes, addresses absolute. */
export interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly align: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A 64-bit field as a number. @throws ElfError if it can't be held exactly: no address or size here is that large. */
function readWord(view: DataView, at: number, field: string): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ElfError(`${field} is out of range: 0x${value.toString(16)}`);
  return Number(value);
}

/** Reads the ELF header. @throws ElfError if it isn't ELF64, little-endian, version 1, with entries of the usual sizes. */
export function readHeader(bytes: Uint8Array): ElfHeader {
  if (bytes.length < EHDR_BYTES) throw new ElfError("too short for an ELF header");
  const view = viewOf(bytes);
  if (view.getUint32(0, false) !== 0x7f454c46) throw new ElfError("not an ELF file");
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new ElfError("not a 64-bit little-endian ELF file");
  if (bytes[6] !== 1 || view.getUint32(20, true) !== 1) throw new ElfError("an unknown ELF version");
  if (view.getUint16(52, true) !== EHDR_BYTES) throw new ElfError("an ELF header of an unusual size");
  if (view.getUint16(54, true) !== PHDR_BYTES) throw new ElfError("program headers of an unusual size");
  return {
    type: view.getUint16(16, true),
    machine: view.getUint16(18, true),
    entry: readWord(view, 24, "e_entry"),
    phOffset: readWord(view, 32, "e_phoff"),
    phCount: view.getUint16(56, true),
  };
}

/** Reads the program header table. @throws ElfError if it lies outside `bytes`. */
export function readProgramHeaders(bytes: Uint8Array, header: ElfHeader): ProgramHeader[] {
  if (header.phOffset + header.phCount * PHDR_BYTES > bytes.length) {
    throw new ElfError("the program header table lies outside the file or the part of it that was read");
  }
  const view = viewOf(bytes);
  return Array.from({ length: header.phCount }, (_, index) => {
    const at = header.phOffset + index * PHDR_BYTES;
    return {
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: readWord(view, at + 8, `p_offset of program header ${index}`),
      address: readWord(view, at + 16, `p_vaddr of program header ${index}`),
      fileBytes: readWord(view, at + 32, `p_filesz of program header ${index}`),
      memoryBytes: readWord(view, at + 40, `p_memsz of program header ${index}`),
      align: readWord(view, at + 48, `p_align of program header ${index}`),
    };
  });
}

/** The bytes of a program header table; `p_paddr` repeats `p_vaddr`, as linkers write it. */
export function encodeProgramHeaders(headers: readonly ProgramHeader[]): Uint8Array {
  const bytes = new Uint8Array(headers.length * PHDR_BYTES);
  const view = viewOf(bytes);
  for (const [index, header] of headers.entries()) {
    const at = index * PHDR_BYTES;
    view.setUint32(at, header.type, true);
    view.setUint32(at + 4, header.flags, true);
    view.setBigUint64(at + 8, BigInt(header.offset), true);
    view.setBigUint64(at + 16, BigInt(header.address), true);
    view.setBigUint64(at + 24, BigInt(header.address), true);
    view.setBigUint64(at + 32, BigInt(header.fileBytes), true);
    view.setBigUint64(at + 40, BigInt(header.memoryBytes), true);
    view.setBigUint64(at + 48, BigInt(header.align), true);
  }
  return bytes;
}

/** A copy of the ELF header in `bytes` with another entry and another program header table. */
export function patchHeader(
  bytes: Uint8Array,
  patch: { entry: number; phOffset: number; phCount: number },
): Uint8Array {
  const header = bytes.slice(0, EHDR_BYTES);
  const view = viewOf(header);
  view.setBigUint64(24, BigInt(patch.entry), true);
  view.setBigUint64(32, BigInt(patch.phOffset), true);
  view.setUint16(56, patch.phCount, true);
  return header;
}
