/** Finds what a TypeScript file imports, types included: Bun's own scanner leaves those out. */

/** One import: what is imported and the line (from 1) where its name stands. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Static imports and re-exports begin a line, as the formatter leaves them; `import("x")` may stand anywhere. */
const PATTERN = /^(?:import|export)\b[^"';]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*[,)]/gm;

/** All imports of a formatted source text, in their order. */
export function importsOf(text: string): Import[] {
  return Array.from(text.matchAll(PATTERN), (match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? "",
    line: text.slice(0, match.index + match[0].length).split("\n").length,
  }));
}
