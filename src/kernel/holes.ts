/** What kernels are known to get wrong of what landlockd relies on, by their release. Pure. */

/** Releases from the first on, up to the second, which isn't one of them. */
type Range = readonly [from: string, until: string];

export interface Hole {
  /** As the world calls it. */
  readonly name: string;
  readonly what: string;
  /** What landlockd does about it in every run; absent where nothing can be done. */
  readonly closed?: string;
  readonly releases: readonly Range[];
}

/** Only what no erratum of Landlock's tells: those are in `landlock.ts`. */
export const HOLES: readonly Hole[] = [
  {
    name: "CVE-2026-72183",
    what: "Landlock's signal scope lets a process signal its own process group by asynchronous I/O (F_SETOWN)",
    closed: "the protections fcntl.F_SETOWN and ioctl.FIOSETOWN",
    // Came with a correction of the signal scope that went to stable releases too; fixed in 6.12.101, 6.18.40, 7.1.5, 7.2.
    releases: [
      ["6.12.24", "6.12.101"],
      ["6.13.12", "6.14"],
      ["6.14.3", "6.18.40"],
      ["6.19", "7.1.5"],
    ],
  },
];

/** `6.18.44-fc` as [6, 18, 44]; what isn't a number at its place is 0. */
function numbersOf(release: string): readonly number[] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release) ?? [];
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)];
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  for (const [index, number] of one.entries()) {
    const against = other[index] ?? 0;
    if (number !== against) return number < against;
  }
  return false;
}

/**
 * The holes of a kernel by its release (uname -r). By number alone: a distribution may have fixed one without changing
 * it, or give its kernels numbers of its own, as 6.17.0-8 for what is 6.17.2.
 */
export function holesOf(release: string): readonly Hole[] {
  const running = numbersOf(release);
  const isIn = ([from, until]: Range): boolean =>
    !isBefore(running, numbersOf(from)) && isBefore(running, numbersOf(until));
  return HOLES.filter(({ releases }) => releases.some(isIn));
}
