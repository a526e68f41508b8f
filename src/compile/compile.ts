/** Policy × Host → Plan + Report. Pure: no I/O, no globals, so it is tested without a kernel. */

import type { Unsupported } from "../base/errors.ts";
import type { Host } from "../kernel/host.ts";
import { OPS } from "../plan/layout.ts";
import type { Plan, PlanOp } from "../plan/plan.ts";
import { closedByFilter } from "../policy/closed.ts";
import type { Policy } from "../policy/policy.ts";
import { brokerLists, brokerTraps } from "./broker.ts";
import { assembleTraps, filterInput } from "./filter.ts";
import { compileLandlock, type LandlockPlan, type Rule, type Ruleset } from "./landlock.ts";
import { compileMounts } from "./mount.ts";
import { noteOps } from "./notes.ts";
import { compileFilter } from "./run-filter.ts";

const NOTIFY = OPS.filter.flags["notify"] ?? 0;
const WAIT_KILLABLE = OPS.filter.flags["wait_killable"] ?? 0;

/** What of a policy the host will enforce, and what it can't. */
export interface Report {
  /** Policy items that aren't in the plan. Without leave to run with less, any of them stops the run. */
  readonly unsupported: readonly Unsupported[];
  /** Policy items that aren't in the plan and that the policy does without by name; each run says so. */
  readonly without: readonly Unsupported[];
  /** Policy items that this host's Landlock lacks and the deny filter enforces in its place (policy/closed.ts). */
  readonly filtered: readonly Unsupported[];
  /** Built-in protections that this host lacks; they stop no run. */
  readonly degraded: readonly Unsupported[];
  /** What has to outlive the start of the workload, so that landlockd can't become it. */
  readonly supervised: readonly string[];
  /** Whether the plan holds only as long as links outside of its runs' reach stay as they are: it isn't kept. */
  readonly fleeting?: boolean;
}

export interface Compiled {
  readonly plan: Plan;
  readonly report: Report;
}

/** What Landlock lacks, apart from what the deny filter enforces in its place. */
function withoutFiltered({ unsupported, without, degraded }: LandlockPlan, rights: ReadonlySet<string>): Lacking {
  const isFiltered = ({ item }: Unsupported): boolean => rights.has(item.slice(item.lastIndexOf(".") + 1));
  const rest = (items: readonly Unsupported[]): readonly Unsupported[] => items.filter((item) => !isFiltered(item));
  return {
    unsupported: rest(unsupported),
    without: rest(without),
    degraded: rest(degraded),
    filtered: [...unsupported, ...without].filter(isFiltered),
  };
}

type Lacking = Pick<Report, "unsupported" | "without" | "degraded" | "filtered">;

function ruleOp(rule: Rule): PlanOp {
  if (rule.kind === "port") return { kind: "rule_port", a: rule.access, b: rule.port, key: rule.key };
  return { kind: "rule_path", flags: rule.optional ? 1 : 0, a: rule.access, text: rule.path, key: rule.key };
}

function addRuleset(ops: PlanOp[], { handledFs, handledNet, scoped, rules, key }: Ruleset): void {
  ops.push({ kind: "ruleset", a: handledFs, b: handledNet, c: scoped, key });
  for (const rule of rules) ops.push(ruleOp(rule));
}

function seccompMissing(host: Host): Unsupported[] {
  if (host.seccomp.filter) return [];
  return [{ item: "seccomp", key: [], needs: "seccomp filters (CONFIG_SECCOMP_FILTER)", has: "none" }];
}

/** The filter that hands calls to the broker, in front of the one that denies. */
function trapOps(policy: Policy, host: Host, calls: readonly string[]): PlanOp[] {
  const mine = calls.length === 0 ? [] : [{ syscalls: calls }];
  const traps = [...brokerTraps(policy.broker, host.arch), ...mine];
  if (traps.length === 0 || !host.seccomp.notify) return [];
  return [{ kind: "filter", flags: NOTIFY | WAIT_KILLABLE, text: assembleTraps(host.arch, traps), key: ["broker"] }];
}

const NOTIFICATION = "seccomp user notification (Linux 5.0)";

function brokerMissing(policy: Policy, host: Host): Unsupported[] {
  if (policy.broker === undefined || host.seccomp.notify) return [];
  return [{ item: "broker", key: ["broker"], needs: NOTIFICATION, has: host.seccomp.refusal ?? "none" }];
}

/**
 * The plan that enforces a policy on a host. Where the host lacks something, the plan is what is left of the policy
 * without it, and the report says what is missing: whether that may run is the caller's decision.
 */
export function compile(policy: Policy, host: Host): Compiled {
  const landlock = compileLandlock(policy, host.landlock);
  const mounts = compileMounts(policy, host);
  const broker = trapOps(policy, host, mounts.traps);
  const closed = closedByFilter(policy, host.landlock.abi);
  const lacking = withoutFiltered(landlock, closed.rights);
  const plain = filterInput(policy, host.arch);
  const input = { ...plain, said: plain.said.union(closed.said) };
  // ERRNO outranks USER_NOTIF: what the broker answers must not be denied here.
  const allow = broker.length === 0 ? input.allow : [...input.allow, ...mounts.traps];
  const cwd = policy.runtime?.cwd;
  const unsupported = [
    ...lacking.unsupported,
    ...mounts.unsupported,
    ...seccompMissing(host),
    ...brokerMissing(policy, host),
  ];
  const ops: PlanOp[] = [...noteOps(policy, host.landlock.abi, lacking.without, unsupported), ...mounts.before];
  for (const ruleset of landlock.rulesets) addRuleset(ops, ruleset);
  ops.push(...mounts.after, ...(broker.length === 0 ? [] : brokerLists(policy.broker)), { kind: "fork" });
  if (cwd !== undefined) ops.push({ kind: "cwd", text: cwd, key: ["runtime", "cwd"] });
  ops.push({ kind: "drop_caps" }, { kind: "no_new_privs" });
  for (const [index, { key }] of landlock.rulesets.entries()) ops.push({ kind: "restrict", a: index, key });
  ops.push({ kind: "restore" }, ...broker);
  ops.push({ kind: "filter", text: compileFilter({ ...input, allow }), key: ["seccomp"] });
  return {
    plan: { arch: host.arch, namespaces: mounts.namespaces, ops },
    report: {
      ...lacking,
      unsupported,
      supervised: [...(mounts.namespaces === 0 ? [] : ["namespaces"]), ...(broker.length === 0 ? [] : ["broker"])],
    },
  };
}
