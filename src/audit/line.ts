/** Fields of an event as JSON from which every byte of every string can be had back. */

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes as text. What is UTF-8 stays as it is, but for the backslash, which is doubled; each byte of what isn't becomes
 * `\xNN`. So two different byte strings never look alike.
 */
export function escapeBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes).replaceAll("\\", "\\\\");
  } catch {
    return escapeMixed(bytes);
  }
}

/** Length of the UTF-8 sequence that a byte starts; 0 where it starts none. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function escapeMixed(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at] ?? 0);
    const sequence = bytes.subarray(at, at + Math.max(length, 1));
    const decoded = length === sequence.length ? tryDecode(sequence) : undefined;
    if (decoded === undefined) {
      text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
      at += 1;
    } else {
      text += decoded === "\\" ? "\\\\" : decoded;
      at += length;
    }
  }
  return text;
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The fields as they stand between the braces of a JSON object. */
export function fieldsOf(fields: Readonly<Record<string, unknown>>): string {
  const plain = Object.entries(fields).map(([key, value]) => [
    key,
    value instanceof Uint8Array ? escapeBytes(value) : value,
  ]);
  return JSON.stringify(Object.fromEntries(plain)).slice(1, -1);
}
