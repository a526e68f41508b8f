/** Changes to good inputs: what a fuzzer without coverage can do, repeatable by its seed. */
import type { Random } from "../harness/random.ts";

const ODD_BYTES = [0, 1, 0x0a, 0x22, 0x2f, 0x5b, 0x7f, 0x80, 0xc3, 0xff];
const CHANGES_MAX = 4;
const INSERTED_MAX = 16;

type Bytes = Uint8Array<ArrayBuffer>;

function splice(bytes: Bytes, at: number, removed: number, inserted: Uint8Array): Bytes {
  const changed = new Uint8Array(bytes.length - removed + inserted.length);
  changed.set(bytes.subarray(0, at));
  changed.set(inserted, at);
  changed.set(bytes.subarray(at + removed), at + inserted.length);
  return changed;
}

function changeOnce(bytes: Bytes, random: Random, words: readonly Uint8Array[]): Bytes {
  const at = random.below(bytes.length + 1);
  const left = bytes.length - at;
  const some = (): number => Math.min(left, random.below(INSERTED_MAX + 1));
  switch (random.below(6)) {
    case 0:
      if (left > 0) bytes[at] = random.one(ODD_BYTES);
      return bytes;
    case 1:
      if (left > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 2:
      return splice(bytes, at, some(), new Uint8Array(0));
    case 3:
      return splice(bytes, at, 0, bytes.slice(at, at + some()));
    case 4:
      return splice(bytes, at, some(), random.one(words));
    default:
      return splice(bytes, at, 0, random.one(words));
  }
}

/** A copy of a seed with up to four changes; words are what is put in. */
export function mutate(seed: Uint8Array, random: Random, words: readonly Uint8Array[]): Bytes {
  let bytes = new Uint8Array(seed);
  for (let left = 1 + random.below(CHANGES_MAX); left > 0; left--) bytes = changeOnce(bytes, random, words);
  return bytes;
}
