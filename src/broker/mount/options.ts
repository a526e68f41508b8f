/** Options of a tmpfs that the workload makes. Pure. */

/** No tmpfs of the workload's gets bigger: it is memory of the host. */
export const TMPFS_BYTES_MAX: number = 256 * 1024 * 1024;
/** Permission bits of a tmpfs's root that says nothing of them (tmpfs(5)). */
const TMPFS_MODE = 0o1777;

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/**
 * A size as tmpfs(5) writes it, no bigger than may be; undefined for what isn't one. A percentage, and 0, which the
 * kernel takes for no limit, mean as much as may be.
 */
export function tmpfsBytes(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,15})([kmg]?|%)$/i.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 0);
  return bytes === 0 ? TMPFS_BYTES_MAX : Math.min(bytes, TMPFS_BYTES_MAX);
}

export interface TmpfsOptions {
  readonly bytes: number;
  readonly mode: number;
}

/** The data of mount(2); undefined for anything but `size` and `mode`, which the kernel may refuse as it likes: EINVAL. */
export function tmpfsOptions(data: string): TmpfsOptions | undefined {
  let bytes = TMPFS_BYTES_MAX;
  let mode = TMPFS_MODE;
  for (const option of data.split(",")) {
    const [key, value = ""] = option.split("=", 2);
    if (key === "size") {
      const size = tmpfsBytes(value);
      if (size === undefined) return undefined;
      bytes = size;
    } else if (key === "mode" && /^[0-7]{1,4}$/.test(value)) mode = Number.parseInt(value, 8);
    else if (option !== "" && option !== "rw") return undefined;
  }
  return { bytes, mode };
}
