/** From a loaded policy and a command to the command's end. */

import { type Unsupported, UnsupportedError } from "../base/errors.ts";
import { type Compiled, compile, type Report } from "../compile/compile.ts";
import { closeLinks } from "../compile/links.ts";
import type { Host } from "../kernel/host.ts";
import { HOST_LINKS } from "../native/links.ts";
import { wasWarned } from "../native/start.ts";
import type { Plan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import { type RunOptions, tellDegraded } from "./options.ts";
import { endPlainly } from "./plain.ts";
import { reachedLines } from "./reach.ts";
import type { RunResult } from "./result.ts";

/** Without Landlock, that is the reason. No word of each right that needs it, with a hint that wouldn't help. */
function reasons(unsupported: readonly Unsupported[], host: Host): readonly Unsupported[] {
  return host.landlock.abi > 0 ? unsupported : unsupported.filter(({ key }) => key.length === 0);
}

/**
 * The plan for a run, if it may run at all.
 * @throws UnsupportedError, LinkError
 */
export function compileRun(policy: Policy, host: Host, bestEffort: boolean): Compiled {
  const compiled = closeLinks(compile(policy, host), policy, HOST_LINKS);
  const { unsupported } = compiled.report;
  // Best effort means less than the policy says, never nothing: without Landlock or seccomp there is no sandbox.
  const allowed = bestEffort && host.landlock.abi > 0 && host.seccomp.filter;
  if (unsupported.length > 0 && !allowed) throw new UnsupportedError(reasons(unsupported, host));
  return compiled;
}

function compiledOf({ policy, compiled, host, bestEffort }: RunOptions): Compiled {
  return policy === undefined ? compiled : compileRun(policy, host, bestEffort || policy.compat === "best-effort");
}

/** The front has done so where it began with the run. */
function warn(plan: Plan, options: RunOptions): void {
  if (wasWarned()) return;
  const { policy, policyFile, audit } = options;
  for (const line of reachedLines(plan, { policyFile, isPlan: policy === undefined, audit })) options.onWarning(line);
}

/** Whether this process can become the workload: all of the policy is enforced, and nobody has to stay for it. */
function isPlain({ supervised, unsupported }: Report, { partner }: RunOptions): boolean {
  return supervised.length + unsupported.length === 0 && partner === undefined;
}

/**
 * Runs the command. Where nothing has to be supervised this process becomes it, and there is no return.
 * @throws UnsupportedError, CommandError, LaunchError, UsageError
 */
export async function run(options: RunOptions): Promise<RunResult> {
  if (options.audit !== undefined) return runWithEvents(options, options.audit);
  const { plan, report } = compiledOf(options);
  warn(plan, options);
  await tellDegraded(report, options);
  if (options.policy !== undefined && options.origin !== undefined && isPlain(report, options)) {
    const origin = report.fleeting === true ? undefined : options.origin;
    endPlainly(plan, options.policy, origin, () => options.argv);
  }
  const { launch } = await import("./staying.ts");
  return launch(plan, report, options);
}

async function runWithEvents(options: RunOptions, sink: string): Promise<RunResult> {
  const { runAudited } = await import("./audited.ts");
  const { launchRequest } = await import("./request.ts");
  let compiled: Compiled | undefined;
  const result = await runAudited(options, sink, () => {
    compiled = compiledOf(options);
    warn(compiled.plan, options);
    return [compiled, launchRequest(compiled.plan, options)];
  });
  // After the run, so that the workload doesn't wait for it.
  if (compiled !== undefined && options.partner === undefined) {
    const { keep } = await import("./keep.ts");
    await keep(compiled, options);
  }
  return result;
}
