/**
 * Where a path of the policy must not lead through links: beneath what the policy lets its runs change. An earlier run
 * may have put a link there, to have the next one granted, bound or written what the link leads to. Pure: links are
 * looked at through a `LinkView`. What this finds is checked again when the path is opened (ll_open_path in
 * csrc/plan/open.c).
 */

import { type KeyPath, LinkError, UsageError } from "../base/errors.ts";
import type { Plan, PlanOp } from "../plan/plan.ts";
import { brokeredFolders, changeableFolders, renamableFolders } from "../policy/changeable.ts";
import { isOfOneProcess } from "../policy/check/proc.ts";
import { quote } from "../policy/finding.ts";
import { throughBind } from "../policy/grants.ts";
import type { Bind, Policy } from "../policy/policy.ts";
import { isBeneath, type PathIndex } from "../policy/tree.ts";
import type { Compiled } from "./compile.ts";
import { holdMounts } from "./hold.ts";
import { type LinkView, Planted, type Way, walk } from "./walk.ts";
import { writesOps } from "./writes.ts";

/** The ways of a policy's paths. */
export class Ways {
  readonly #view: LinkView;
  readonly #binds: readonly Bind[];
  readonly #root: string | undefined;
  readonly #folders: PathIndex;
  readonly #renamable: PathIndex;
  readonly #brokered: readonly string[];
  readonly #real: (path: string) => string;
  readonly #known = new Map<string, Way>();

  constructor(policy: Policy, view: LinkView) {
    this.#view = view;
    this.#root = policy.runtime?.root;
    // The outermost last: what is mounted in a mount is found first.
    this.#binds = (policy.mount?.bind ?? []).toSorted((one, other) => other.target.length - one.target.length);
    const reals = new Map<string, string>();
    const real = (path: string): string => (view.isPlain(path) ? path : walk(path, view).real);
    this.#real = (path) => {
      const found = reals.get(path) ?? real(path);
      reals.set(path, found);
      return found;
    };
    const host = { real: this.#real };
    this.#folders = changeableFolders(policy, host);
    this.#renamable = policy.mount === undefined ? this.#folders : renamableFolders(policy, host);
    this.#brokered = brokeredFolders(policy, host);
  }

  isPlain(path: string): boolean {
    return this.#view.isPlain(path);
  }

  /** The real path of one on the host. */
  real(path: string): string {
    return this.#real(path);
  }

  /** Of a target's path as it is opened: the folders above it that a run may rename, as the run sees them. */
  renamableAbove(path: string): readonly string[] {
    const bind = this.#bindAbove(path);
    const host = this.source(path);
    const folder = this.#renamable.outermost(host);
    if (folder === undefined) return [];
    const most = bind === undefined ? path.length : path.length - bind.target.length;
    const first = path.length - Math.min(host.length - (folder === "/" ? 0 : folder.length), most);
    const above: string[] = [];
    for (let end = path.indexOf("/", first + 1); end > 0; end = path.indexOf("/", end + 1))
      above.push(path.slice(0, end));
    return above;
  }

  /** The folder above a target in which the broker renames folders for the run. */
  brokeredAbove(path: string): string | undefined {
    const host = this.#real(this.source(path));
    return this.#brokered.find((folder) => isBeneath(host, folder));
  }

  #bindAbove(path: string): Bind | undefined {
    return this.#binds.find(({ target }) => isBeneath(path, target));
  }

  /** The host's path for one as the run sees it. */
  source(path: string): string {
    const bind = this.#bindAbove(path);
    return bind === undefined ? path : (throughBind(path, bind) ?? path);
  }

  /** Of a path on the host, before anything is mounted. @throws LinkError */
  of(path: string, stage: string, key: KeyPath = []): Way {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    try {
      const way = this.#find(path);
      this.#known.set(path, way);
      return way;
    } catch (error) {
      if (!(error instanceof Planted)) throw error;
      throw new LinkError(stage, { key, subject: path, link: error.link, folder: error.folder });
    }
  }

  /** Of a path once the mounts are made: what is beneath a bind's target is beneath its source. @throws LinkError */
  mounted(path: string, stage: string, key: KeyPath = []): Way {
    const bind = this.#bindAbove(path);
    const source = bind === undefined ? undefined : throughBind(path, bind);
    if (bind === undefined || source === undefined) return this.of(path, stage, key);
    const { text, trusted } = this.of(source, stage, key);
    if (trusted === 0) return { text: path, trusted: 0, lasting: true };
    if (text !== source) throw new LinkError(stage, { key, subject: path, link: path, folder: bind.target });
    const more = Buffer.byteLength(bind.target) - Buffer.byteLength(bind.source);
    return { text: path, trusted: Math.max(Buffer.byteLength(bind.target), trusted + more), lasting: true };
  }

  #find(path: string): Way {
    const root = this.#root;
    if (this.#folders.isEmpty) return { text: path, trusted: 0, lasting: true };
    const inRoot = root !== undefined && root !== "/" && isBeneath(path, root);
    if (this.#view.isPlain(path)) {
      const folder = this.#folders.outermost(path);
      return { text: path, trusted: folder === undefined ? 0 : Buffer.byteLength(folder), lasting: true };
    }
    if (!inRoot) return walk(path, this.#view, this.#folders).way;
    const { real, way } = walk(root, this.#view, this.#folders);
    const inner = walk(path, this.#view, this.#folders, real === "/" ? "" : real, root.length).way;
    return { ...inner, lasting: inner.lasting && way.lasting };
  }
}

/** Where the text of an op is opened: on the host as it is, or as the run sees it. */
const OPENED: Readonly<Partial<Record<PlanOp["kind"], "of" | "mounted">>> = {
  bind_source: "of",
  root: "of",
  listed: "of",
  bind: "mounted",
  tmpfs: "mounted",
  proc: "mounted",
  rule_path: "mounted",
};

/** A layer that grants the same in "/" grants it wherever a link leads. */
function grantsEverywhere(rules: readonly PlanOp[], op: PlanOp): boolean {
  const access = op.a ?? 0;
  return rules.some((rule) => rule.text === "/" && ((rule.a ?? 0) & access) === access);
}

function rulesOf(ops: readonly PlanOp[], at: number): readonly PlanOp[] {
  const start = ops.findLastIndex(({ kind }, index) => index < at && kind === "ruleset");
  const end = ops.findIndex(({ kind }, index) => index > start && kind !== "rule_path" && kind !== "rule_port");
  return ops.slice(start + 1, end);
}

function closeOp(ways: Ways, op: PlanOp, { runtime }: Policy): { readonly op: PlanOp; readonly lasting: boolean } {
  const { kind, text, key } = op;
  if (typeof text !== "string") return { op, lasting: true };
  if (kind === "cwd") return { op: closeCwd(ways, op, text, runtime?.root), lasting: true };
  const how = OPENED[kind];
  if (how === undefined) return { op, lasting: true };
  const way = ways[how](text, kind, key);
  // What the broker answers for is known by the name that its callers use; without `lasting` nobody opens it from here.
  const opened = kind === "listed" ? text : way.text;
  const closed = way.trusted === 0 || opened !== way.text ? op : { ...op, text: opened, c: way.trusted };
  return { op: closed, lasting: way.lasting };
}

/** The working directory is a path inside the root. */
function closeCwd(ways: Ways, op: PlanOp, text: string, root: string | undefined): PlanOp {
  const outside = root === undefined || root === "/" ? "" : root;
  const host = text === "/" && outside !== "" ? outside : `${outside}${text}`;
  const { text: opened, trusted } = ways.mounted(host, "cwd", op.key);
  const inside = trusted - Buffer.byteLength(outside);
  if (trusted === 0 || host === outside) return op;
  if (opened !== host) throw new LinkError("cwd", { key: op.key ?? [], subject: text, link: text, folder: opened });
  return { ...op, c: Math.max(1, inside) };
}

/** As checkProcessRules, for links: /etc/mtab, /proc/net. */
function refuseProcess(ways: Ways, { text }: PlanOp): void {
  if (typeof text !== "string" || ways.isPlain(text)) return;
  const real = ways.real(text);
  if (!isOfOneProcess(real, "/proc")) return;
  throw new UsageError(
    `a rule is on ${quote(text)}, which leads to ${quote(real)}: that is of one process, and a rule can't follow a run's processes`,
    "grant /proc, or leave the rule out",
  );
}

/**
 * The plan with every path closed to links where an earlier run may have made them.
 * @throws LinkError where there is one
 */
export function closeLinks({ plan, report }: Compiled, policy: Policy, view: LinkView): Compiled {
  const ways = new Ways(policy, view);
  let lasting = true;
  const ops = plan.ops.map((op, at) => {
    if (op.kind === "rule_path") refuseProcess(ways, op);
    if (op.kind === "rule_path" && op.text !== "/" && grantsEverywhere(rulesOf(plan.ops, at), op)) return op;
    const closed = closeOp(ways, op, policy);
    lasting &&= closed.lasting;
    return closed.op;
  });
  const held = holdMounts(ops, policy, ways);
  const fork = held.findIndex(({ kind }) => kind === "fork");
  const closed: Plan = { ...plan, ops: [...held.slice(0, fork), ...writesOps(policy, ways), ...held.slice(fork)] };
  return { plan: closed, report: { ...report, fleeting: !lasting } };
}
