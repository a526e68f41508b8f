import { describe, expect, test } from "bun:test";
import { readTable } from "../../../tools/check/rooms.ts";

const HEAD = "| folder | what | may import |\n|---|---|---|\n";

describe("the table of folders", () => {
  test("understands nothing, names, a stretch and all", () => {
    const rooms = readTable(
      `${HEAD}| \`base/\` | a | nothing |\n| \`kernel/\` | b, c | base |\n| \`run/\` | d | base … kernel |\n| \`cli/\` | e | all |\n`,
    );
    expect(rooms.get("base")?.may).toEqual([]);
    expect(rooms.get("kernel")?.may).toEqual(["base"]);
    expect(rooms.get("run")?.may).toEqual(["base", "kernel"]);
    expect(rooms.get("cli")?.may).toEqual(["base", "kernel", "run", "cli"]);
  });

  test("keeps a single file of another folder", () => {
    const rooms = readTable(`${HEAD}| \`plan/\` | a | nothing |\n| \`native/\` | b | plan/layout |\n`);
    expect(rooms.get("native")?.may).toEqual(["plan/layout"]);
  });

  test("is the one that says so: other tables have folders too", () => {
    const other = "| folder | what |\n|---|---|\n| `csrc/plan/` | yes |\n";
    expect([...readTable(`${HEAD}| \`base/\` | a | nothing |\n\n${other}`).keys()]).toEqual(["base"]);
  });

  test("a folder without a row, a stretch that runs backwards, and no table are errors", () => {
    expect(() => readTable(`${HEAD}| \`run/\` | d | brokr |\n`)).toThrow('"brokr", which has no row');
    expect(() => readTable(`${HEAD}| \`a/\` | d | nothing |\n| \`b/\` | d | b … a |\n`)).toThrow("no stretch");
    expect(() => readTable("# Nothing\n")).toThrow("no table");
  });
});
