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
