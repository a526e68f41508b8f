/** Reads and writes the fields of a layout struct in a buffer. */

import type { Field, Struct } from "./layout.ts";

type Value = number | bigint;

/** Numbers without the way through BigInt, which is slow the first time. */
function putLong(view: DataView, at: number, value: Value): void {
  if (typeof value === "bigint" || value < 0) {
    view.setBigUint64(at, BigInt(value), true);
  } else {
    view.setUint32(at, value, true);
    view.setUint32(at + 4, value / 2 ** 32, true);
  }
}

function put(view: DataView, field: Field, at: number, value: Value): void {
  if (field.type === "u64") putLong(view, at, value);
  else if (field.type === "i32") view.setInt32(at, Number(value), true);
  else view.setUint32(at, Number(value), true);
}

/** Writes one field (element `index` of an array field) of the struct at `base`. */
export function setField<Name extends string>(
  view: DataView,
  struct: Struct<Name>,
  base: number,
  name: Name,
  value: Value,
  index = 0,
): void {
  const field = struct.fields[name];
  put(view, field, base + field.offset + index * (field.type === "u64" ? 8 : 4), value);
}

/** Writes several scalar fields of the struct at `base`. */
export function setFields<Name extends string>(
  view: DataView,
  struct: Struct<Name>,
  base: number,
  values: Partial<Record<Name, Value>>,
): void {
  for (const name of Object.keys(values) as Name[]) setField(view, struct, base, name, values[name] as Value);
}

/** Reads a 32-bit field. */
export function getField<Name extends string>(view: DataView, struct: Struct<Name>, base: number, name: Name): number {
  const field = struct.fields[name];
  return field.type === "i32" ? view.getInt32(base + field.offset, true) : view.getUint32(base + field.offset, true);
}

/** Reads a 64-bit field. */
export function getField64<Name extends string>(
  view: DataView,
  struct: Struct<Name>,
  base: number,
  name: Name,
): bigint {
  return view.getBigUint64(base + struct.fields[name].offset, true);
}
