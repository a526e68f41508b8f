/** The facts of the host that landlockd runs on. */

import { realpathSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Facts, Kind } from "./facts.ts";

/** What can't be had from the filesystem. */
export type HostKnowledge = Omit<Facts, "kind" | "real">;

/** Looks at each path once, however many rules ask. */
export function hostFacts(knowledge: HostKnowledge): Facts {
  const kinds = new Map<string, Kind>();
  const reals = new Map<string, string>();
  return {
    ...knowledge,
    kind: (path) => remembered(kinds, path, kindOf),
    real: (path) => remembered(reals, path, realOf),
  };
}

function remembered<Value>(known: Map<string, Value>, path: string, find: (path: string) => Value): Value {
  const value = known.get(path) ?? find(path);
  known.set(path, value);
  return value;
}

function kindOf(path: string): Kind {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    return (cause as { readonly code?: string }).code === "ENOTDIR" ? "missing" : "unknown";
  }
  if (stats === undefined) return "missing";
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "device" : "other";
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOf(parent), basename(path));
  }
}
