/**
 * How a program is split into the files of its bundle. A part is a module that is loaded by `import()`, with what it
 * imports.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** The paths of the modules that start a part of the program. What packages import isn't looked at. */
export function partsOf(entryPath: string): ReadonlySet<string> {
  const parts = new Set<string>();
  const seen = new Set<string>();
  const open = [resolve(entryPath)];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path) || !path.endsWith(".ts") || !existsSync(path)) continue;
    seen.add(path);
    for (const { path: specifier, kind } of transpiler.scanImports(readFileSync(path, "utf8"))) {
      if (!specifier.startsWith(".")) continue;
      const target = resolve(dirname(path), specifier);
      if (kind === "dynamic-import") parts.add(target);
      open.push(target);
    }
  }
  return parts;
}

/**
 * Makes every part import a module that is loaded before any of them. The bundler gives each set of modules that the
 * same parts share a file of its own; what that module needs so is shared by all of them, and is one file. Without it
 * the plainest run loads some forty, which takes longer than what is in them. It can't be the entry point, which is
 * still being evaluated (it awaits) when parts are loaded: they would wait for each other.
 */
export function sharing(sharedPath: string): Bun.BunPlugin {
  const shared = resolve(sharedPath);
  const parts = partsOf(shared);
  return {
    name: "one file of what all parts share",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!parts.has(path)) return undefined;
        return { contents: `${readFileSync(path, "utf8")}\nimport ${JSON.stringify(shared)};\n`, loader: "ts" };
      });
    },
  };
}
