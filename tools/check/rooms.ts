/** Reads the table of docs/architecture.md: which folder of src/ may import which. The document is the only copy of it. */

/** A folder of src/ (or main.ts) and what it may import beside itself: folders, or single files without `.ts`. */
export interface Room {
  readonly name: string;
  readonly may: readonly string[];
}

const ROW = /^\| `([^`]+)` \|.*\| ([^|]+) \|$/;

/** `all`, `nothing`, `base … run` (a stretch of the table's own order), or names with commas. */
function expand(cell: string, names: readonly string[]): string[] {
  if (cell === "all") return [...names];
  if (cell === "nothing") return [];
  return cell.split(", ").flatMap((part) => {
    const [from, to] = part.split(" … ");
    if (to === undefined) return [part];
    const first = names.indexOf(from ?? "");
    const last = names.indexOf(to);
    if (first < 0 || last < first) throw new Error(`docs/architecture.md: "${part}" is no stretch of the table`);
    return names.slice(first, last + 1);
  });
}

/**
 * The rooms by name.
 * @throws Error when a cell names a folder that the table doesn't have
 */
export function readTable(markdown: string): Map<string, Room> {
  const table = markdown.split("\n\n").find((block) => block.includes("| may import |")) ?? "";
  const rows = table.split("\n").flatMap((line) => {
    const match = ROW.exec(line);
    return match === null ? [] : [{ name: (match[1] ?? "").replace(/\/$/, ""), cell: (match[2] ?? "").trim() }];
  });
  const names = rows.map((row) => row.name);
  if (names.length === 0) throw new Error("docs/architecture.md has no table of folders");
  const rooms = new Map<string, Room>();
  for (const { name, cell } of rows) {
    const may = expand(cell, names);
    const unknown = may.find((each) => !names.includes(each.split("/")[0] ?? ""));
    if (unknown !== undefined)
      throw new Error(`docs/architecture.md: ${name} may import "${unknown}", which has no row`);
    rooms.set(name, { name, may });
  }
  return rooms;
}
