/** What `make check` runs, in the order in which it is printed. */
import { readdirSync } from "node:fs";
import { trackedFiles } from "./tracked.ts";

/** One check: a command that exits 0 when all is well and says on its output what isn't. */
export interface Check {
  readonly name: string;
  readonly command: readonly string[];
  /** A program that the command needs and the Debian package that has it; without it the check is skipped, in CI it fails. */
  readonly needs?: { readonly program: string; readonly debian: string };
}

const BUN = process.execPath;

function inFolder(folder: string, suffix: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => suffix.test(name))
      .sort()
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function generated(): Check[] {
  return inFolder("tools", /^gen-.*\.ts$/).map((tool) => ({
    name: tool.replace(/^tools\/|\.ts$/g, ""),
    command: [BUN, tool, "--check"],
  }));
}

/** C as the compilers see it; the flags live in the Makefile. */
function cChecks(): Check[] {
  const sources = trackedFiles(/^(csrc|test\/probe)\/.*(?<!\.gen)\.[ch]$/);
  return [
    {
      name: "clang-format",
      command: ["clang-format", "--dry-run", "--Werror", ...sources],
      needs: { program: "clang-format", debian: "clang-format" },
    },
    { name: "gcc -fanalyzer", command: ["make", "-s", "c-analyze"] },
    { name: "clang-tidy", command: ["make", "-s", "c-tidy"], needs: { program: "clang-tidy", debian: "clang-tidy" } },
    {
      name: "aarch64",
      command: ["make", "-s", "c-aarch64"],
      needs: { program: "aarch64-linux-gnu-gcc", debian: "gcc-aarch64-linux-gnu" },
    },
  ];
}

/** Every check of this tree. */
export function checks(): Check[] {
  return [
    {
      name: "biome",
      command: ["node_modules/.bin/biome", "check", "--error-on-warnings", "--max-diagnostics=200", "."],
    },
    { name: "tsc", command: ["node_modules/.bin/tsc", "--noEmit"] },
    { name: "imports", command: [BUN, "tools/check-imports.ts"] },
    { name: "text", command: [BUN, "tools/check-text.ts"] },
    { name: "size", command: [BUN, "tools/check-size.ts"] },
    { name: "links", command: [BUN, "tools/check-links.ts"] },
    ...generated(),
    ...cChecks(),
    { name: "shell", command: ["bash", "-n", ".ci/run", "tools/demo.sh", "completions/landlockd.bash"] },
    {
      name: "man page",
      command: ["bash", "tools/check-man.sh"],
      needs: { program: "groff", debian: "groff-base" },
    },
  ];
}
