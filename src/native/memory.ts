/** Memory with an address that stays, for what the kernel reads and writes again and again. */

import { addressOf } from "./library.ts";

export interface Memory {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Valid as long as the object is referenced. */
  readonly address: number;
}

/** Zeroed memory of a size in bytes. */
export function allocate(size: number): Memory {
  // The buffer first: a typed array that got its own later would move.
  const buffer = new ArrayBuffer(size);
  const bytes = Buffer.from(buffer);
  return { bytes, view: new DataView(buffer), address: Number(addressOf(bytes)) };
}
