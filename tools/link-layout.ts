/** Where the front goes in Bun's executable: from the two files' headers to the bytes that change. Pure. */

import {
  EHDR_BYTES,
  ElfError,
  type ElfHeader,
  EM_AARCH64,
  EM_X86_64,
  ET_EXEC,
  encodeProgramHeaders,
  PF_W,
  PF_X,
  PHDR_BYTES,
  type ProgramHeader,
  PT_DYNAMIC,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_TLS,
  patchHeader,
  readHeader,
  readProgramHeaders,
} from "./elf.ts";

/** csrc/front/link.h: LL_LINK_ADDR, LL_LINK_MAGIC and sizeof(struct ll_link). */
export const LINK_ADDRESS = 0x110000;
export const LINK_MAGIC = 0x326b6e696c2d6c6cn;
export const LINK_BYTES = 80;

export interface LinkInput {
  /** The beginning of Bun's executable: enough for its header, program headers and the interpreter's path. */
  readonly bunHead: Uint8Array;
  readonly bunBytes: number;
  readonly front: Uint8Array;
  /** SHA-256 that names this build; 32 bytes. */
  readonly build: Uint8Array;
}

/** What to change in a copy of Bun's executable. */
export interface LinkOutput {
  /** Replaces the first bytes of the file. */
  readonly header: Uint8Array;
  /** Is written at `tailOffset`, beyond the end of Bun's executable. */
  readonly tail: Uint8Array;
  readonly tailOffset: number;
}

interface Image {
  readonly name: string;
  readonly header: ElfHeader;
  readonly headers: readonly ProgramHeader[];
  readonly loads: readonly ProgramHeader[];
}

const hex = (value: number): string => `0x${value.toString(16)}`;
const alignUp = (value: number, align: number): number => Math.ceil(value / align) * align;
const end = (load: ProgramHeader): number => load.address + load.memoryBytes;

/** The largest page of the architecture: what every address and offset must be aligned to. */
function pageBytesOf(machine: number): number {
  if (machine === EM_X86_64) return 0x1000;
  if (machine === EM_AARCH64) return 0x10000;
  throw new ElfError(`an unknown machine: ${machine}`);
}

function checkLoad(name: string, load: ProgramHeader, fileBytes: number, pageBytes: number): void {
  const where = `${name}: the segment at ${hex(load.address)}`;
  if (load.fileBytes > load.memoryBytes) throw new ElfError(`${where} is larger in the file than in memory`);
  if (load.offset + load.fileBytes > fileBytes) throw new ElfError(`${where} reaches beyond the end of the file`);
  if (load.align % pageBytes !== 0)
    throw new ElfError(`${where} is aligned to ${load.align}, not to ${pageBytes} bytes`);
  if (load.address % pageBytes !== load.offset % pageBytes) {
    throw new ElfError(`${where} and its file offset ${hex(load.offset)} are not on the same place of a page`);
  }
  if (load.flags & PF_W && load.flags & PF_X) throw new ElfError(`${where} is writable and executable`);
}

/** Rising addresses, no two segments on one page: what the kernel's MAP_FIXED_NOREPLACE needs. */
function checkOrder(name: string, loads: readonly ProgramHeader[], pageBytes: number): void {
  for (const [index, load] of loads.entries()) {
    const before = loads[index - 1];
    if (before === undefined) continue;
    if (load.address - (load.address % pageBytes) < alignUp(end(before), pageBytes)) {
      throw new ElfError(
        `${name}: the segments at ${hex(before.address)} and ${hex(load.address)} overlap or share a page`,
      );
    }
  }
}

function readImage(name: string, bytes: Uint8Array, fileBytes: number): Image {
  const header = readHeader(bytes);
  if (header.phOffset >= bytes.length)
    throw new ElfError(`${name}: program headers not at the beginning: already linked?`);
  if (header.type !== ET_EXEC) throw new ElfError(`${name}: not linked at a fixed address (e_type ${header.type})`);
  const headers = readProgramHeaders(bytes, header);
  const loads = headers.filter((each) => each.type === PT_LOAD);
  const pageBytes = pageBytesOf(header.machine);
  for (const load of loads) checkLoad(name, load, fileBytes, pageBytes);
  checkOrder(name, loads, pageBytes);
  if (!loads.some((load) => load.flags & PF_X && header.entry >= load.address && header.entry < end(load))) {
    throw new ElfError(`${name}: the entry ${hex(header.entry)} is in no executable segment`);
  }
  const stack = headers.find((each) => each.type === PT_GNU_STACK);
  if (stack === undefined || stack.flags & PF_X) throw new ElfError(`${name}: the stack would be executable`);
  return { name, header, headers, loads };
}

/** The address of the interpreter's path in memory. @throws ElfError unless it is there, absolute and NUL-terminated. */
function findInterpreter(bun: Image, head: Uint8Array): number {
  const [interp, second] = bun.headers.filter((each) => each.type === PT_INTERP);
  if (interp === undefined) throw new ElfError("Bun: no interpreter: not what bun build --compile made");
  if (second !== undefined) throw new ElfError("Bun: more than one interpreter");
  const path = head.subarray(interp.offset, interp.offset + interp.fileBytes);
  if (
    interp.fileBytes < 2 ||
    path.length !== interp.fileBytes ||
    path[0] !== 0x2f ||
    path.indexOf(0) !== path.length - 1
  ) {
    throw new ElfError("Bun: the interpreter is not an absolute path");
  }
  return findAddress(bun, interp.offset, interp.fileBytes, "the interpreter's path");
}

/** Where a range of the file is mapped. @throws ElfError if it isn't in one segment. */
function findAddress(image: Image, offset: number, bytes: number, what: string): number {
  const load = image.loads.find((each) => offset >= each.offset && offset + bytes <= each.offset + each.fileBytes);
  if (load === undefined) throw new ElfError(`${image.name}: ${what} is in no segment`);
  return load.address + (offset - load.offset);
}

/**
 * The front's one segment. Its file begins with ELF headers, which nobody reads once it is linked: the link record takes
 * their place.
 */
function checkFront(front: Image): ProgramHeader {
  for (const each of front.headers) {
    if (each.type === PT_INTERP || each.type === PT_DYNAMIC || each.type === PT_TLS) {
      throw new ElfError("front: not a static program");
    }
  }
  const [load, ...more] = front.loads;
  if (load === undefined || more.length > 0) throw new ElfError(`front: ${front.loads.length} segments, not one`);
  const where = `front: the segment at ${hex(load.address)}`;
  if (load.flags & PF_W) throw new ElfError(`${where} is writable: the front has no data but its stack`);
  if (load.memoryBytes !== load.fileBytes) throw new ElfError(`${where} has memory that the file doesn't fill`);
  if (load.address !== LINK_ADDRESS || load.offset !== 0) {
    throw new ElfError(`${where} doesn't begin at ${hex(LINK_ADDRESS)} with the file's headers`);
  }
  return load;
}

function encodeRecord(bun: Image, bunHead: Uint8Array, build: Uint8Array): Uint8Array {
  if (build.length !== 32) throw new ElfError("the build's name must have 32 bytes");
  const record = new Uint8Array(LINK_BYTES);
  const view = new DataView(record.buffer);
  const phdrBytes = bun.header.phCount * PHDR_BYTES;
  view.setBigUint64(0, LINK_MAGIC, true);
  view.setBigUint64(8, BigInt(bun.header.entry), true);
  view.setBigUint64(16, BigInt(findAddress(bun, bun.header.phOffset, phdrBytes, "the program header table")), true);
  view.setBigUint64(24, BigInt(bun.header.phOffset), true);
  view.setBigUint64(32, BigInt(bun.header.phCount), true);
  view.setBigUint64(40, BigInt(findInterpreter(bun, bunHead)), true);
  record.set(build, 48);
  return record;
}

/**
 * Lays the front out behind Bun, as one segment: the link record in place of the front's headers, its code and
 * constants, and the new program header table. It is the only segment that the kernel maps, since each makes a start
 * some microseconds slower: the front maps Bun's by Bun's own table, which stays where it is, as they do.
 *
 * @throws ElfError if either file isn't shaped as this needs, or the two can't share an address space
 */
export function layOut(input: LinkInput): LinkOutput {
  const bun = readImage("Bun", input.bunHead, input.bunBytes);
  const front = readImage("front", input.front, input.front.length);
  const body = checkFront(front);
  if (bun.header.machine !== front.header.machine) throw new ElfError("Bun and front are for different machines");
  const record = encodeRecord(bun, input.bunHead, input.build);
  if (EHDR_BYTES + front.header.phCount * PHDR_BYTES < record.length) {
    throw new ElfError("front: no room for the link record in its headers");
  }

  const pageBytes = pageBytesOf(bun.header.machine);
  const tailOffset = alignUp(input.bunBytes, pageBytes);
  const tableOffset = alignUp(body.fileBytes, 16);
  const stack = bun.headers.filter((each) => each.type === PT_GNU_STACK).slice(0, 1);
  const tableCount = 1 + stack.length;
  const bytes = tableOffset + tableCount * PHDR_BYTES;
  const load = { ...body, offset: tailOffset, fileBytes: bytes, memoryBytes: bytes, align: pageBytes };
  checkOrder("linked", [load, ...bun.loads], pageBytes);

  const tail = new Uint8Array(bytes);
  tail.set(input.front.subarray(0, body.fileBytes), 0);
  tail.set(record, 0);
  tail.set(encodeProgramHeaders([load, ...stack]), tableOffset);
  const header = patchHeader(input.bunHead.subarray(0, EHDR_BYTES), {
    entry: front.header.entry,
    phOffset: tailOffset + tableOffset,
    phCount: tableCount,
  });
  return { header, tail, tailOffset };
}
