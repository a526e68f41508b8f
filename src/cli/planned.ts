/** `landlockd run --plan`: a run of a plan file, and what `--dry-run` shows of one. */

import { type Unsupported, UsageError } from "../base/errors.ts";
import type { Host } from "../kernel/host.ts";
import { abiText, SCOPES } from "../kernel/landlock.ts";
import { probeHost } from "../native/host.ts";
import { probeNamespaces } from "../native/namespaces.ts";
import { startState } from "../native/start.ts";
import { syscall } from "../native/syscall.ts";
import { describePlan } from "../plan/describe.ts";
import { type PlanFile, readPlanFile } from "../store/plan-file.ts";
import { type Misfit, misfit } from "../store/plan-host.ts";
import type { Parsed } from "./arguments.ts";
import { paintFor } from "./colors.ts";
import { skippedLines } from "./dry-run.ts";
import { writeOut } from "./output.ts";
import type { Subject } from "./run.ts";
import { STATUS_FAILED } from "./status.ts";

/** What has no meaning beside a plan, and why. */
const EXCLUDED: Readonly<Record<string, string>> = {
  "policy-file": "a plan is made from its policy: choose one",
  policy: "a plan is made from its policy: choose one",
  set: "variables got their values when the plan was compiled",
  socket: "a daemon compiles policies itself",
  "best-effort": "a plan is enforced as a whole",
};

interface OpenedPlan {
  readonly file: PlanFile;
  readonly host: Host;
  /** Why it can't be run here. */
  readonly misfit: Misfit | undefined;
}

/** @throws UsageError where it isn't a plan of this landlockd's */
function openPlan(path: string, parsed: Parsed): OpenedPlan {
  for (const [name, hint] of Object.entries(EXCLUDED)) {
    if (parsed.on(name)) throw new UsageError(`--plan and --${name} are both given`, hint);
  }
  const file = readPlanFile(path, startState().build);
  const probed = probeHost();
  const host = file.plan.namespaces === 0 ? probed : probeNamespaces(probed);
  return { file, host, misfit: misfit(file, host, syscall("getuid")) };
}

/** Built-in scopes that the kernel lacks: what `compile` reports of the policy, here and where the plan was compiled. */
function degraded({ missingScopes }: PlanFile, { landlock }: Host): Unsupported[] {
  return SCOPES.filter(({ bit }) => (missingScopes & (1 << bit)) !== 0).map(({ name, abi }) => ({
    item: `scope.${name}`,
    key: [],
    needs: abiText(abi),
    has: abiText(landlock.abi),
  }));
}

/** What to run. @throws UsageError where it can't be run here */
export function planSubject(path: string, parsed: Parsed): Subject {
  const { file, host, misfit: wrong } = openPlan(path, parsed);
  if (wrong !== undefined) throw new UsageError(`${file.file}: ${wrong.message}`, wrong.hint);
  const supervised = file.plan.namespaces === 0 ? [] : ["namespaces"];
  const report = { unsupported: [], degraded: degraded(file, host), supervised };
  return { compiled: { plan: file.plan, report }, policyFile: file.file, host, origin: undefined };
}

/** Prints the plan, and whether this host is one for it. 0 if it is, else 125. @throws UsageError as `planSubject` */
export async function showPlan(path: string, parsed: Parsed): Promise<number> {
  const { file, host, misfit: wrong } = openPlan(path, parsed);
  const paint = await paintFor(1);
  const lines = [
    paint.bold(`plan of ${file.file}`),
    ...describePlan(file.plan).map((line) => `  ${line}`),
    `  compiled by landlockd ${file.version} for ${abiText(file.abi)}; needs ${abiText(file.neededAbi)}`,
    `  from a policy with SHA-256 ${file.policySha256}`,
    ...(file.uid === undefined ? [] : [`  for user ${file.uid}`]),
    paint.bold("report"),
    ...degraded(file, host).map(
      ({ item, needs, has }) => `  ${paint.yellow("--")}  ${item}: built in, needs ${needs}; this host has ${has}`,
    ),
    ...skippedLines(file.plan, paint),
    wrong === undefined
      ? `  ${paint.green("yes")} all of it is enforced on this host`
      : `  ${paint.red("no")}  ${wrong.message}`,
  ];
  writeOut(`${lines.join("\n")}\n`);
  return wrong === undefined ? 0 : STATUS_FAILED;
}
