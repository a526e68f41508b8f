/** Memory with an address that stays, for what the kernel reads and writes again and again. */

import { addressOf } from "./library.ts";

/** Node's own names for what `toString` and `write` do with "latin1"; they cost a fraction of those. */
export interface Latin1Buffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
}

export interface Memory {
  readonly bytes: Latin1Buffer;
  readonly view: DataView;
  /** Valid as long as the object is referenced. */
  readonly address: number;
}

/** Zeroed memory of a size in bytes. */
export function allocate(size: number): Memory {
  // The buffer first: a typed array that got its own later would move.
  const buffer = new ArrayBuffer(size);
  const bytes = Buffer.from(buffer) as unknown as Latin1Buffer;
  return { bytes, view: new DataView(buffer), address: Number(addressOf(bytes)) };
}
