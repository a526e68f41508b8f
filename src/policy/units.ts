/** Values that a policy has as strings, as numbers. */

const SIZE_UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** `64M` in bytes, as tmpfs(5) counts. */
export function sizeBytes(text: string): number {
  const unit = SIZE_UNITS[text.slice(-1)];
  return unit === undefined ? Number(text) : Number(text.slice(0, -1)) * unit;
}

/** `1777` as the number that chmod(2) takes. */
export function modeBits(text: string): number {
  return Number.parseInt(text, 8);
}
