/**
 * What is mounted stays where it is mounted: a folder above it that a run may rename would carry it along, and what is
 * put in that folder's place is the host's. A folder that is a mount point itself can't be renamed (EBUSY), so each of
 * them is bound onto itself first. Pure.
 */

import { type KeyPath, UsageError } from "../base/errors.ts";
import { MAX_BINDS } from "../plan/layout.ts";
import type { PlanOp } from "../plan/plan.ts";
import { quote } from "../policy/finding.ts";
import type { Policy } from "../policy/policy.ts";
import { isWithin } from "../policy/tree.ts";

/** What this asks of a policy's paths: src/compile/links.ts. */
export interface Heights {
  real(path: string): string;
  source(path: string): string;
  renamableAbove(path: string): readonly string[];
  brokeredAbove(path: string): string | undefined;
  of(path: string, stage: string, key?: KeyPath): { readonly text: string; readonly trusted: number };
  mounted(path: string, stage: string, key?: KeyPath): { readonly text: string; readonly trusted: number };
}

type Mounted = PlanOp & { readonly text: string };

const READ_ONLY = 1;

function isMount(op: PlanOp): op is Mounted {
  return op.kind === "tmpfs" || op.kind === "proc" || op.kind === "bind";
}

/** What a bind that can be written shows is no more than the run may write anyhow. */
function isToHold(op: PlanOp, sources: readonly PlanOp[]): boolean {
  return op.kind !== "bind" || sources[op.a ?? 0]?.flags === READ_ONLY;
}

/** Where a run sees its own root's folder, and those above it, in what is bound there. */
function shownRoot({ runtime, mount }: Policy, heights: Heights): string[] {
  if (runtime?.root === undefined) return [];
  const root = heights.real(runtime.root);
  return (mount?.bind ?? []).flatMap(({ source, target, read_only }) => {
    const folder = heights.real(source);
    if (read_only || folder === root || !isWithin(root, folder)) return [];
    const shown = `${target}${root.slice(folder === "/" ? 0 : folder.length)}`;
    const above = heights.renamableAbove(shown);
    return above.length > 0 || heights.renamableAbove(`${shown}/.`).length > 0 ? [...above, shown] : [];
  });
}

function depth(path: string): number {
  return path.split("/").length;
}

/** Where what is mounted couldn't be held: the broker renames from outside, where nothing is a mount point. */
function refuseBrokered(op: Mounted, heights: Heights): void {
  const folder = heights.brokeredAbove(op.text);
  if (folder === undefined) return;
  throw new UsageError(
    `${quote(op.text)} is beneath ${quote(folder)}, where the broker renames folders for the run: what is mounted there isn't held`,
    "mount it elsewhere, or name another folder in [broker]",
  );
}

/**
 * The operations with those that hold mounts and the root's folder.
 * @throws LinkError, UsageError
 */
export function holdMounts(ops: readonly PlanOp[], policy: Policy, heights: Heights): readonly PlanOp[] {
  const mounts = ops.filter(isMount);
  if (mounts.length === 0) return ops;
  const sources = ops.filter(({ kind }) => kind === "bind_source");
  const targets = new Set(mounts.map(({ text }) => text));
  const held = new Map<string, KeyPath>();
  const hold = (path: string, key: KeyPath): void => {
    if (!targets.has(path) && !held.has(path)) held.set(path, key);
  };
  for (const op of mounts.filter((each) => isToHold(each, sources))) {
    refuseBrokered(op, heights);
    for (const path of heights.renamableAbove(op.text)) hold(path, op.key ?? []);
  }
  for (const path of shownRoot(policy, heights)) hold(path, ["runtime", "root"]);
  if (held.size === 0) return ops;
  if (sources.length + held.size > MAX_BINDS) {
    throw new UsageError(`${held.size} folders above mounts would have to be held: there can be ${MAX_BINDS} binds`);
  }
  return insert(ops, mounts, sources.length, held, heights);
}

function insert(
  ops: readonly PlanOp[],
  mounts: readonly Mounted[],
  sourceCount: number,
  held: ReadonlyMap<string, KeyPath>,
  heights: Heights,
): readonly PlanOp[] {
  const taken: PlanOp[] = [];
  const bound: Mounted[] = [];
  for (const [path, key] of held) {
    const source = heights.of(heights.source(path), "bind_source", key);
    const target = heights.mounted(path, "bind", key);
    bound.push({ kind: "bind", a: sourceCount + taken.length, c: target.trusted, text: target.text, key });
    taken.push({ kind: "bind_source", c: source.trusted, text: source.text, key });
  }
  const sorted = [...bound, ...mounts].toSorted((one, other) => depth(one.text) - depth(other.text));
  const first = ops.findIndex(isMount);
  const rest = ops.filter((op) => !isMount(op));
  // In front of the first mount stand the sources, and the root behind them.
  const at = rest.findLastIndex(({ kind }) => kind === "bind_source" || kind === "private_mounts") + 1;
  return [...rest.slice(0, at), ...taken, ...rest.slice(at, first), ...sorted, ...rest.slice(first)];
}
