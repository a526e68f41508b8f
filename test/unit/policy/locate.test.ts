import { expect, test } from "bun:test";
import type { KeyPath } from "../../../src/base/errors.ts";
import { indexPlaces, placeFindings, placeIn, placeOfKey } from "../../../src/policy/locate.ts";

const TEXT = `version = 1
[[fs_layer]]
handled_access_fs = ["execute",
  "read_file"]
[[fs_layer.rule]]
path = "/a"
"allowed_access" = []
[[fs_layer.rule]]
path.x = "/a"
inline = { a = 1, b = [ { 'c' = 2 } ] }
[[fs_layer]]
[a.b.c]
d = """
text"""
`;

/** Where a key is told, and where its value is. */
const PLACES: readonly (readonly [KeyPath, string, string])[] = [
  [["version"], "1:1", "1:11"],
  [["fs_layer"], "2:3", "2:3"],
  [["fs_layer", 0], "2:3", "2:3"],
  [["fs_layer", 0, "handled_access_fs", 1], "4:3", "4:3"],
  [["fs_layer", 0, "rule", 0, "path"], "6:1", "6:8"],
  [["fs_layer", 0, "rule", 0, "allowed_access"], "7:1", "7:20"],
  [["fs_layer", 0, "rule", 1], "8:12", "8:3"],
  [["fs_layer", 0, "rule", 1, "path", "x"], "9:6", "9:10"],
  [["fs_layer", 0, "rule", 1, "inline", "b", 0, "c"], "10:27", "10:33"],
  [["fs_layer", 1], "11:3", "11:3"],
  [["fs_layer", 1, "handled_access_fs"], "11:3", "11:3"],
  [["a"], "12:2", "12:2"],
  [["a", "b"], "12:4", "12:4"],
  [["a", "b", "c", "d"], "13:1", "13:5"],
];

const shown = (place: { readonly line: number; readonly column: number } | undefined): string =>
  `${place?.line}:${place?.column}`;

for (const [key, keyPlace, valuePlace] of PLACES) {
  test(`the place of ${key.join(".")}`, async () => {
    const index = await indexPlaces(TEXT, "f");
    expect([shown(placeIn(index, key, "key")), shown(placeIn(index, key, "value"))]).toEqual([keyPlace, valuePlace]);
    expect(await placeOfKey(TEXT, "f", key)).toMatchObject({ file: "f" });
  });
}

test("what the text doesn't have has no place, and is told at the start", async () => {
  expect(await placeOfKey(TEXT, "f", ["nothing"])).toBeUndefined();
  expect(await placeOfKey("= broken", "f", ["version"])).toBeUndefined();
  const finding = { code: "x", severity: "error", key: [], message: "" } as const;
  expect((await placeFindings("", "f", [finding]))[0]?.place).toEqual({ file: "f", line: 1, column: 1 });
});

test("findings come in the order of the text, and keep a place that they have", async () => {
  const at = (key: KeyPath, code = "x") => ({ code, severity: "error", key, message: "" }) as const;
  const own = { ...at([]), place: { file: "f", line: 5, column: 9 } };
  const placed = await placeFindings(TEXT, "f", [at(["a", "b", "c", "d"], "unknown-key"), own, at(["version"])]);
  expect(placed.map(({ place }) => shown(place))).toEqual(["1:11", "5:9", "13:1"]);
});
