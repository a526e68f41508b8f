/** Paths as places in a tree, by their names alone. */

/** Whether `path` is beneath `folder`. */
export function isBeneath(path: string, folder: string): boolean {
  return path !== folder && path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** Whether `path` is `folder` or beneath it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || isBeneath(path, folder);
}

/** The path and every folder above it, up to the root. */
export function* upwards(path: string): Generator<string> {
  let rest = path;
  while (rest !== "/") {
    yield rest;
    rest = rest.slice(0, Math.max(rest.lastIndexOf("/"), 0)) || "/";
  }
  yield "/";
}

/** Many paths at once, so that a question about one is answered without looking at each. */
export class PathIndex {
  /** Each path, with a path of the index that it is, or is above of. */
  readonly #above = new Map<string, string>();
  readonly #paths: Set<string>;

  constructor(paths: Iterable<string>) {
    this.#paths = new Set(paths);
    for (const path of this.#paths) {
      for (const above of upwards(path)) {
        if (this.#above.has(above)) break;
        this.#above.set(above, path);
      }
    }
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  /** A path of the index that `path` is, or is beneath of: the nearest. */
  over(path: string): string | undefined {
    for (const above of upwards(path)) if (this.#paths.has(above)) return above;
    return undefined;
  }

  /** The path of the index that `path` is beneath of and that is beneath no other. */
  outermost(path: string): string | undefined {
    let found: string | undefined;
    for (const above of upwards(path)) if (above !== path && this.#paths.has(above)) found = above;
    return found;
  }

  /** A path of the index that `path` is beneath of. */
  above(path: string): string | undefined {
    for (const above of upwards(path)) if (above !== path && this.#paths.has(above)) return above;
    return undefined;
  }

  /** A path of the index that `path` is, is above of, or is beneath of. */
  touching(path: string): string | undefined {
    return this.over(path) ?? this.#above.get(path);
  }
}
