/** Bytes → plan, for showing what a plan file holds. What interprets plans is C, and it checks for itself. */

import { ARCHES, AUDIT_ARCH } from "../kernel/syscalls.ts";
import { LAYOUT_DIGEST } from "./digest.gen.ts";
import { HEADER, OP, OPS, type OpName, PLAN_MAGIC } from "./layout.ts";
import type { Plan, PlanOp } from "./plan.ts";
import { getField, getField64 } from "./struct.ts";

/** The bytes aren't a plan of this build. */
export class PlanFormatError extends Error {
  override readonly name: string = "PlanFormatError";
}

const KINDS: ReadonlyMap<number, OpName> = new Map(
  Object.entries(OPS).map(([name, spec]) => [spec.id, name as OpName]),
);

interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly dataOffset: number;
}

function textOf(source: Source, base: number, name: "text" | "text2"): Uint8Array | undefined {
  const offset = getField(source.view, OP, base, `${name}_offset`);
  const size = getField(source.view, OP, base, `${name}_size`);
  if (size === 0) return undefined;
  const from = source.dataOffset + offset;
  if (from + size >= source.bytes.byteLength) throw new PlanFormatError("a text lies outside the plan");
  return source.bytes.subarray(from, from + size);
}

function decodeOp(source: Source, base: number): PlanOp {
  const kind = KINDS.get(getField(source.view, OP, base, "kind"));
  if (kind === undefined) throw new PlanFormatError("an operation is of an unknown kind");
  const text = textOf(source, base, "text");
  const text2 = textOf(source, base, "text2");
  const flags = getField(source.view, OP, base, "flags");
  const operand = (name: "a" | "b" | "c"): number => Number(getField64(source.view, OP, base, name));
  const [a, b, c] = [operand("a"), operand("b"), operand("c")];
  return {
    kind,
    ...(flags === 0 ? {} : { flags }),
    ...(a === 0 ? {} : { a }),
    ...(b === 0 ? {} : { b }),
    ...(c === 0 ? {} : { c }),
    ...(text === undefined ? {} : { text: kind === "filter" ? text.slice() : Buffer.from(text).toString() }),
    ...(text2 === undefined ? {} : { text2: Buffer.from(text2).toString() }),
  };
}

/**
 * Reads a plan. Operands that are zero are left out.
 * @throws PlanFormatError for anything but a whole plan of this build's format.
 */
export function decodePlan(bytes: Uint8Array): Plan {
  if (bytes.byteLength < HEADER.sizeBytes) throw new PlanFormatError("too short for a plan");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const digest = Buffer.from(bytes.subarray(HEADER.fields.digest.offset, HEADER.fields.digest.offset + 32));
  if (getField64(view, HEADER, 0, "magic") !== PLAN_MAGIC) throw new PlanFormatError("not a plan");
  if (digest.toString("hex") !== LAYOUT_DIGEST) throw new PlanFormatError("a plan of another build of landlockd");
  const count = getField(view, HEADER, 0, "op_count");
  const dataOffset = HEADER.sizeBytes + count * OP.sizeBytes;
  if (getField(view, HEADER, 0, "size") !== bytes.byteLength || dataOffset > bytes.byteLength) {
    throw new PlanFormatError("cut short, or too long");
  }
  const arch = ARCHES.find((each) => AUDIT_ARCH[each] === getField(view, HEADER, 0, "arch"));
  if (arch === undefined) throw new PlanFormatError("a plan for another architecture");
  const source = { bytes, view, dataOffset };
  return {
    arch,
    namespaces: getField(view, HEADER, 0, "namespaces"),
    ops: Array.from({ length: count }, (_, index) => decodeOp(source, HEADER.sizeBytes + index * OP.sizeBytes)),
  };
}
