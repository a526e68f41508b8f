import { describe, expect, test } from "bun:test";
import { ElfError, EM_AARCH64, PF_R, PF_W, PF_X, PT_LOAD, readHeader, readProgramHeaders } from "../../../tools/elf.ts";
import { LINK_ADDRESS, LINK_BYTES, LINK_MAGIC, type LinkOutput, layOut } from "../../../tools/link-layout.ts";
import { bun, type Crafted, craft, front, segment, withHeader } from "./crafted-elf.ts";

const build: Uint8Array = new Uint8Array(32).fill(0xab);

function linkedOf(bunElf: Crafted, frontElf: Crafted): LinkOutput {
  const bytes = craft(bunElf);
  return layOut({ bunHead: bytes.subarray(0, 0x1000), bunBytes: bytes.length, front: craft(frontElf), build });
}

/** The whole linked file. */
function fileOf(output: LinkOutput): Uint8Array {
  const bytes = new Uint8Array(output.tailOffset + output.tail.length);
  bytes.set(craft(bun));
  bytes.set(output.header);
  bytes.set(output.tail, output.tailOffset);
  return bytes;
}

describe("the linked file", () => {
  const output = linkedOf(bun, front);
  const bytes = fileOf(output);
  const header = readHeader(bytes);
  const headers = readProgramHeaders(bytes, header);
  const loads = headers.filter((each) => each.type === PT_LOAD);

  test("starts at the front", () => {
    expect(header.entry).toBe(front.entry);
  });

  test("has no interpreter, one segment, and Bun's stack flags", () => {
    expect(headers.map((each) => each.type)).toEqual([PT_LOAD, 0x6474e551]);
    expect(headers.at(-1)?.flags).toBe(PF_R | PF_W);
  });

  test("leaves Bun and its table as they were", () => {
    expect(bytes.subarray(64, bun.sizeBytes)).toEqual(craft(bun).subarray(64));
  });

  const [mapped] = loads;
  if (mapped === undefined) throw new Error("no segment");

  test("maps the front's bytes at the front's address, to be read and executed", () => {
    const body = front.headers[0]?.fileBytes ?? 0;
    expect([mapped.address, mapped.flags, mapped.offset % 0x1000]).toEqual([0x110000, PF_R | PF_X, 0]);
    const from = mapped.offset + LINK_BYTES;
    expect(bytes.subarray(from, mapped.offset + body)).toEqual(craft(front).subarray(LINK_BYTES, body));
  });

  test("maps the table behind it", () => {
    expect(header.phOffset).toBeGreaterThanOrEqual(mapped.offset + (front.headers[0]?.fileBytes ?? 0));
    expect(header.phOffset + headers.length * 56).toBe(mapped.offset + mapped.fileBytes);
    expect(bytes.length).toBe(mapped.offset + mapped.fileBytes);
  });

  test("tells the front where Bun is, in place of the front's headers", () => {
    expect(mapped.address).toBe(LINK_ADDRESS);
    const view = new DataView(bytes.buffer, mapped.offset, LINK_BYTES);
    const words = [0, 8, 16, 24, 32, 40].map((at) => view.getBigUint64(at, true));
    expect(words).toEqual([LINK_MAGIC, 0x202010n, 0x200040n, 0x40n, 6n, 0x200238n]);
    expect(bytes.subarray(mapped.offset + 48, mapped.offset + 80)).toEqual(build);
  });

  test("can't be linked again", () => {
    const again = { bunHead: bytes.subarray(0, 0x1000), bunBytes: bytes.length, front: craft(front), build };
    expect(() => layOut(again)).toThrow(/already linked/);
  });
});

describe("a Bun that is shaped otherwise is refused", () => {
  const read = PF_R;
  const cases: [string, Crafted, RegExp][] = [
    ["position-independent", { ...bun, type: 3 }, /fixed address/],
    ["another machine", { ...bun, machine: 40 }, /unknown machine/],
    ["not the front's machine", { ...bun, machine: EM_AARCH64 }, /aligned to 4096, not to 65536/],
    ["no interpreter", { ...bun, headers: bun.headers.slice(1) }, /no interpreter/],
    ["two interpreters", { ...bun, headers: [...bun.headers, segment(3, read, 0x238, 0x200238, 28)] }, /more than one/],
    [
      "a relative interpreter",
      { ...bun, interp: { offset: 0x238, text: "lib64/ld-linux-x86-64.so.2\0\0" } },
      /absolute/,
    ],
    ["an interpreter without its NUL", withHeader(bun, 0, { fileBytes: 27 }), /absolute/],
    ["an interpreter with a NUL inside", withHeader(bun, 0, { fileBytes: 29 }), /absolute/],
    [
      "the table in no segment",
      withHeader(bun, 1, { offset: 0x800, address: 0x200800, fileBytes: 0x800 }),
      /no segment/,
    ],
    ["segments that overlap", withHeader(bun, 2, { address: 0x200000 }), /overlap/],
    ["segments that share a page", withHeader(bun, 3, { address: 0x202800 }), /share a page/],
    ["segments in falling order", { ...bun, headers: bun.headers.toReversed() }, /overlap/],
    ["an address off its page", withHeader(bun, 2, { address: 0x202010 }), /place of a page/],
    ["a small alignment", withHeader(bun, 2, { align: 16 }), /aligned to 16/],
    ["more in the file than in memory", withHeader(bun, 2, { memoryBytes: 1 }), /larger in the file/],
    ["beyond the end", withHeader(bun, 3, { fileBytes: 0x2000, memoryBytes: 0x2000 }), /beyond the end/],
    ["writable and executable", withHeader(bun, 2, { flags: PF_R | PF_W | PF_X }), /writable and executable/],
    ["an entry outside", { ...bun, entry: 0x203800 }, /entry 0x203800/],
    ["an executable stack", withHeader(bun, 5, { flags: PF_R | PF_W | PF_X }), /stack/],
    ["no word about the stack", { ...bun, headers: bun.headers.slice(0, 5) }, /stack/],
    ["where the front is", withHeader(withHeader(bun, 0, { address: 0x110238 }), 1, { address: 0x110000 }), /overlap/],
  ];
  test.each(cases)("%s", (_, elf, message) => {
    expect(() => linkedOf(elf, front)).toThrow(ElfError);
    expect(() => linkedOf(elf, front)).toThrow(message);
  });
});

describe("a front that is shaped otherwise is refused", () => {
  const data = segment(PT_LOAD, PF_R, 0, 0x113000, 0x10);
  const large = withHeader({ ...front, sizeBytes: 0xf1000 }, 0, { fileBytes: 0xf0100, memoryBytes: 0xf0100 });
  const cases: [string, Crafted, RegExp][] = [
    ["writable", withHeader(front, 0, { flags: PF_R | PF_W }), /executable segment/],
    ["of two segments", { ...front, headers: [...front.headers, data] }, /2 segments, not one/],
    ["with memory that the file doesn't fill", withHeader(front, 0, { memoryBytes: 0x1800 }), /doesn't fill/],
    ["dynamic", { ...front, headers: [...front.headers, segment(2, PF_R, 0, 0x110000, 16)] }, /static/],
    ["elsewhere", withHeader({ ...front, entry: 0x121000 }, 0, { address: 0x120000 }), /doesn't begin at 0x110000/],
    ["without its headers", withHeader(front, 0, { offset: 0x1000, fileBytes: 0x200 }), /doesn't fill|doesn't begin/],
    ["that reaches Bun", large, /overlap/],
  ];
  test.each(cases)("%s", (_, elf, message) => {
    expect(() => linkedOf(bun, elf)).toThrow(message);
  });
});

test("the build's name has 32 bytes", () => {
  const bytes = craft(bun);
  const input = { bunHead: bytes, bunBytes: bytes.length, front: craft(front), build: build.subarray(1) };
  expect(() => layOut(input)).toThrow(/32 bytes/);
});
