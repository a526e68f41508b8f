/** Where a value stands in the policy's text. A second parser finds out, loaded only when a place is shown. */

import type { AST } from "toml-eslint-parser";
import type { Finding, KeyPath, Place } from "../base/errors.ts";

interface Position {
  readonly line: number;
  /** From 0. */
  readonly column: number;
}

/** The places of one key, and those of what is beneath it. */
interface Entry {
  key: Position | undefined;
  value: Position | undefined;
  readonly children: Map<string | number, Entry>;
}

/** The places of a whole document. */
export interface PlaceIndex {
  readonly file: string;
  readonly root: Entry;
}

/**
 * The place of the value at `key`, or of the nearest thing around it that the text has: a missing key is told at the
 * head of its table. Undefined where the text has nothing of the kind.
 */
export async function placeOfKey(text: string, file: string, key: KeyPath): Promise<Place | undefined> {
  return placeIn(await indexPlaces(text, file), key, "value");
}

/** The findings in the order of their places, each with its place; those without a key stand at the very start. */
export async function placeFindings(
  text: string,
  file: string,
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  if (findings.every((finding) => finding.place !== undefined)) return findings;
  const index = await indexPlaces(text, file);
  const placed = findings.map((finding) => {
    const place = finding.place ?? placeIn(index, finding.key, finding.code === "unknown-key" ? "key" : "value");
    return { ...finding, place: place ?? { file, line: 1, column: 1 } };
  });
  return placed.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

/** Reads all places of a text. A text that the second parser can't read has none: the message still names the key. */
export async function indexPlaces(text: string, file: string): Promise<PlaceIndex> {
  const root = newEntry();
  try {
    const { parseTOML } = await import("toml-eslint-parser");
    for (const node of parseTOML(text, { tomlVersion: "1.1" }).body[0].body) {
      if (node.type === "TOMLTable") addTable(root, node);
      else addKeyValue(root, node);
    }
  } catch {
    return { file, root: newEntry() };
  }
  return { file, root };
}

/** The place of a key, or of the value behind it. */
export function placeIn({ file, root }: PlaceIndex, key: KeyPath, what: "key" | "value"): Place | undefined {
  let found: Position | undefined;
  let entry: Entry | undefined = root;
  for (const part of key) {
    entry = entry.children.get(part);
    if (entry === undefined) break;
    found = (what === "key" ? (entry.key ?? entry.value) : (entry.value ?? entry.key)) ?? found;
  }
  return found === undefined ? undefined : { file, line: found.line, column: found.column + 1 };
}

function newEntry(): Entry {
  return { key: undefined, value: undefined, children: new Map() };
}

function child(entry: Entry, part: string | number): Entry {
  let found = entry.children.get(part);
  if (found === undefined) {
    found = newEntry();
    entry.children.set(part, found);
  }
  return found;
}

/** `[a.b]` and `[[a.b]]`: the header is the place of the table, and of the parents that no header of their own has. */
function addTable(root: Entry, node: AST.TOMLTable): void {
  let entry = root;
  let named = 0;
  for (const part of node.resolvedKey) {
    entry = child(entry, part);
    const keyNode = node.key.keys[typeof part === "string" ? named++ : named - 1];
    entry.key ??= keyNode?.loc.start;
  }
  entry.value = node.key.loc.start;
  for (const pair of node.body) addKeyValue(entry, pair);
}

function addKeyValue(table: Entry, node: AST.TOMLKeyValue): void {
  let entry = table;
  for (const part of node.key.keys) {
    entry = child(entry, part.type === "TOMLBare" ? part.name : part.value);
    entry.key ??= part.loc.start;
  }
  addValue(entry, node.value);
}

function addValue(entry: Entry, node: AST.TOMLContentNode): void {
  entry.value = node.loc.start;
  if (node.type === "TOMLInlineTable") {
    for (const pair of node.body) addKeyValue(entry, pair);
  } else if (node.type === "TOMLArray") {
    for (const [index, element] of node.elements.entries()) addValue(child(entry, index), element);
  }
}
