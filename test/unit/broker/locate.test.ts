import { expect, test } from "bun:test";
import { route } from "../../../src/broker/locate.ts";
import { type Folder, type Roots, splitPath } from "../../../src/broker/roots.ts";
import { Random } from "../../harness/random.ts";

const stat = { mode: 0, links: 1, inode: 0n, device: 0n, size: 0, mount: 0 } as unknown as Folder["stat"];

function folder(path: string, ...more: readonly string[]): Folder {
  return { zone: "scratch", fd: -1, path, spellings: [path, ...more], stat };
}

function found(folders: readonly Folder[], path: string): readonly [string, string] | undefined {
  const routed = route({ folders } as unknown as Roots, path);
  return routed === undefined ? undefined : [routed.folder.path, routed.rest];
}

test("a path belongs to the innermost folder, in whatever order they are listed", () => {
  const folders = [folder("/s"), folder("/s/mounted"), folder("/other", "/alias")];
  for (const listed of [folders, folders.toReversed()]) {
    expect(found(listed, "/s/file")).toEqual(["/s", "file"]);
    expect(found(listed, "/s/mounted")).toEqual(["/s/mounted", ""]);
    expect(found(listed, "/s/mounted/a/b")).toEqual(["/s/mounted", "a/b"]);
    expect(found(listed, "/s/mountedx")).toEqual(["/s", "mountedx"]);
    expect(found(listed, "/alias/x")).toEqual(["/other", "x"]);
    expect(found(listed, "/sx")).toBeUndefined();
    expect(found(listed, "/")).toBeUndefined();
  }
  expect(found([folder("/")], "/a/b")).toEqual(["/", "a/b"]);
});

const NAMES: readonly string[] = ["a", "aa", "b", "a.", "..", ".", "-"];

function randomPath(random: Random, longest: number): string {
  const names = Array.from({ length: random.below(longest + 1) }, () => random.one(NAMES));
  return `/${names.join("/")}`;
}

/** The names of a path. */
const namesOf = (path: string): string[] => path.split("/").filter((name) => name !== "");

test("whatever the folders, the one that is found holds the path by its names, and none within it does", () => {
  const random = new Random(41);
  for (let round = 0; round < 5000; round++) {
    const paths = Array.from({ length: 1 + random.below(5) }, () => randomPath(random, 3));
    const path = randomPath(random, 6);
    const holds = (each: string): boolean => namesOf(each).every((name, index) => namesOf(path)[index] === name);
    const longest = paths.filter(holds).toSorted((one, other) => namesOf(other).length - namesOf(one).length)[0];
    const [holder, rest] = found(
      paths.map((each) => folder(each)),
      path,
    ) ?? [undefined, ""];
    expect([paths, path, holder]).toEqual([paths, path, longest]);
    // Nothing of the path is lost, and nothing is said twice.
    if (holder !== undefined) expect([...namesOf(holder), ...namesOf(rest)]).toEqual(namesOf(path));
  }
});

test("a path is its folder and its last name, in which only trailing slashes are", () => {
  const random = new Random(42);
  const parts = ["a", "bb", "/", "//", ".", ".."];
  for (let round = 0; round < 5000; round++) {
    const path = Array.from({ length: random.below(8) }, () => random.one(parts)).join("");
    const { folder: before, name } = splitPath(path);
    expect(before + name).toBe(path);
    expect(name.replace(/\/+$/, "")).not.toContain("/");
    expect([path, before]).toEqual([path, expect.stringMatching(/^(?:.*\/)?$/)]);
    // A name there is, but for a path of nothing but slashes.
    expect(/^\/*$/.test(name)).toBe(/^\/*$/.test(path));
  }
});
