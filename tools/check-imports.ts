/** Proves that imports in src/ go only where the table in docs/architecture.md lets them; cycles are Biome's to find. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { report, type Violation } from "./check/report.ts";
import { type Room, readTable } from "./check/rooms.ts";
import { importsOf } from "./check/scan.ts";
import { trackedFiles } from "./check/tracked.ts";

/** Modules that only some folders may import. */
const OWNED: Readonly<Record<string, readonly string[]>> = {
  "bun:ffi": ["native"],
  citty: ["cli"],
  consola: ["cli"],
  valibot: ["policy"],
  "smol-toml": ["policy"],
  "toml-eslint-parser": ["policy"],
};

/** Folders that are pure: no I/O and nothing of the process. */
const PURE: readonly string[] = ["base", "compile", "plan"];
const IMPURE = /^(node:)?(fs|fs\/promises|child_process|net|os|process|worker_threads|tty|dgram|http|https)$|^bun$/;

/** `src/policy/lint/x.ts` → `policy`; `src/main.ts` → `main.ts`. */
function roomOf(file: string): string {
  return file.split("/")[1] ?? file;
}

function mayImport(room: Room, target: string): boolean {
  const inSrc = target.replace(/^src\//, "");
  return (
    roomOf(target) === room.name || room.may.some((each) => inSrc === `${each}.ts` || inSrc.startsWith(`${each}/`))
  );
}

function judge(room: Room, file: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    const target = join(dirname(file), specifier);
    // Embedded data: policies, the schema, the library.
    if (!target.startsWith("src/"))
      return /\.tsx?$/.test(target) ? `imports ${target}, which isn't in src/` : undefined;
    return mayImport(room, target) ? undefined : `${room.name} may not import ${target}`;
  }
  const owners = OWNED[specifier];
  if (owners !== undefined && !owners.includes(room.name)) return `only ${owners.join(", ")} may import ${specifier}`;
  if (PURE.includes(room.name) && IMPURE.test(specifier)) return `${room.name} is pure and may not import ${specifier}`;
  return undefined;
}

function violations(): Violation[] {
  const rooms = readTable(readFileSync("docs/architecture.md", "utf8"));
  const found: Violation[] = [];
  for (const file of trackedFiles(/^src\/.*\.ts$/)) {
    const room = rooms.get(roomOf(file));
    if (room === undefined) {
      found.push({ file, line: 1, message: `${roomOf(file)} isn't in the table of docs/architecture.md` });
      continue;
    }
    for (const { specifier, line } of importsOf(readFileSync(file, "utf8"))) {
      const message = judge(room, file, specifier);
      if (message !== undefined) found.push({ file, line, message });
    }
  }
  return found;
}

report(violations());
