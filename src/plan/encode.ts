/** Plan → bytes that C checks and interprets. */

import { AUDIT_ARCH } from "../kernel/syscalls.ts";
import { LAYOUT_DIGEST } from "./digest.gen.ts";
import { HEADER, OP, OPS, PLAN_MAGIC } from "./layout.ts";
import type { Plan, PlanOp } from "./plan.ts";
import { setFields } from "./struct.ts";

const encoder = new TextEncoder();

/** Where bytes are in the data, their NUL not counted. */
interface Piece {
  readonly offset: number;
  readonly size: number;
}

const NO_TEXT: Piece = { offset: 0, size: 0 };

/** Data blobs by content: a path that many rules name is stored once. */
class Data {
  readonly #parts: Uint8Array[] = [];
  readonly #strings = new Map<string, Piece>();
  size = 0;

  /** Offset of the bytes, which are followed by a NUL and start at a multiple of 8. */
  add(text: string | Uint8Array): Piece {
    const known = typeof text === "string" ? this.#strings.get(text) : undefined;
    if (known !== undefined) return known;
    const bytes = typeof text === "string" ? encoder.encode(text) : text;
    const offset = this.size;
    const padded = new Uint8Array(Math.ceil((bytes.byteLength + 1) / 8) * 8);
    padded.set(bytes);
    this.#parts.push(padded);
    this.size += padded.byteLength;
    const piece = { offset, size: bytes.byteLength };
    if (typeof text === "string") this.#strings.set(text, piece);
    return piece;
  }

  writeTo(target: Uint8Array, offset: number): void {
    let at = offset;
    for (const part of this.#parts) {
      target.set(part, at);
      at += part.byteLength;
    }
  }
}

function encodeOp(view: DataView, base: number, op: PlanOp, data: Data): void {
  const text = op.text === undefined ? NO_TEXT : data.add(op.text);
  const text2 = op.text2 === undefined ? NO_TEXT : data.add(op.text2);
  setFields(view, OP, base, {
    kind: OPS[op.kind].id,
    flags: op.flags ?? 0,
    a: op.a ?? 0,
    b: op.b ?? 0,
    c: op.c ?? 0,
    text_offset: text.offset,
    text_size: text.size,
    text2_offset: text2.offset,
    text2_size: text2.size,
  });
}

/** The plan's bytes. The same plan gives the same bytes. */
export function encodePlan(plan: Plan): Uint8Array {
  const data = new Data();
  const dataOffset = HEADER.sizeBytes + plan.ops.length * OP.sizeBytes;
  const head = new Uint8Array(dataOffset);
  const view = new DataView(head.buffer);
  let at = HEADER.sizeBytes;
  for (const op of plan.ops) {
    encodeOp(view, at, op, data);
    at += OP.sizeBytes;
  }
  const bytes = new Uint8Array(dataOffset + data.size);
  setFields(view, HEADER, 0, {
    magic: PLAN_MAGIC,
    size: bytes.byteLength,
    arch: AUDIT_ARCH[plan.arch],
    op_count: plan.ops.length,
    data_offset: dataOffset,
    data_size: data.size,
    namespaces: plan.namespaces,
    flags: 0,
    reserved: 0,
  });
  head.set(Uint8Array.fromHex(LAYOUT_DIGEST), HEADER.fields.digest.offset);
  bytes.set(head);
  data.writeTo(bytes, dataOffset);
  return bytes;
}
