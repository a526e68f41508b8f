/** `landlockd run --plan`: the plan file, and what it says of its run. */

import { type Unsupported, UsageError } from "../base/errors.ts";
import type { Host } from "../kernel/host.ts";
import { abiText, hostAbiText, SCOPES } from "../kernel/landlock.ts";
import { probeHost } from "../native/host.ts";
import { startState } from "../native/start.ts";
import { syscall } from "../native/syscall.ts";
import { type PlanFile, readPlanFile } from "../store/plan-file.ts";
import { type Misfit, misfit } from "../store/plan-host.ts";
import type { Parsed } from "./arguments.ts";
import type { Subject } from "./run.ts";

/** What has no meaning beside a plan, and why. */
const EXCLUDED: Readonly<Record<string, string>> = {
  "policy-file": "a plan is made from its policy: choose one",
  policy: "a plan is made from its policy: choose one",
  set: "variables got their values when the plan was compiled",
  socket: "a daemon compiles policies itself",
  "best-effort": "a plan is enforced as a whole",
};

/** A plan file, and the host as far as it needs to be known for it. */
export interface OpenedPlan {
  readonly file: PlanFile;
  readonly host: Host;
  /** Why it can't be run here. */
  readonly misfit: Misfit | undefined;
}

/** As `hostFor` of the policy. */
async function hostOf({ plan }: PlanFile): Promise<Host> {
  const host = probeHost();
  if (plan.namespaces === 0) return host;
  const { probeNamespaces } = await import("../native/namespaces.ts");
  return probeNamespaces(host);
}

/** @throws UsageError where it isn't a plan of this landlockd's */
export async function openPlan(path: string, parsed: Parsed): Promise<OpenedPlan> {
  for (const [name, hint] of Object.entries(EXCLUDED)) {
    if (parsed.on(name)) throw new UsageError(`--plan and --${name} are both given`, hint);
  }
  const file = readPlanFile(path, startState().build);
  const host = await hostOf(file);
  return { file, host, misfit: misfit(file, host, syscall("getuid")) };
}

/** Built-in scopes that the kernel lacks: what `compile` reports of the policy, here and where the plan was compiled. */
export function degraded({ missingScopes }: PlanFile, { landlock }: Host): Unsupported[] {
  return SCOPES.filter(({ bit }) => (missingScopes & (1 << bit)) !== 0).map(({ name, abi }) => ({
    item: `scope.${name}`,
    key: [],
    needs: abiText(abi),
    has: hostAbiText(landlock.abi),
  }));
}

/** What to run. @throws UsageError where it can't be run here */
export async function planSubject(path: string, parsed: Parsed): Promise<Subject> {
  const { file, host, misfit: wrong } = await openPlan(path, parsed);
  if (wrong !== undefined) throw new UsageError(`${file.file}: ${wrong.message}`, wrong.hint);
  const supervised = file.plan.namespaces === 0 ? [] : ["namespaces"];
  const report = { unsupported: [], without: [], filtered: [], degraded: degraded(file, host), supervised };
  return { compiled: { plan: file.plan, report }, policyFile: file.file, host, origin: undefined };
}
