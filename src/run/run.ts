/** From a loaded policy and a command to the command's end. */

import type { AuditEvent } from "../audit/events.ts";
import type { Losses } from "../audit/writer.ts";
import { type Unsupported, UnsupportedError } from "../base/errors.ts";
import { type Compiled, compile, type Report } from "../compile/compile.ts";
import type { Host } from "../kernel/host.ts";
import { CLONE_NEWPID } from "../kernel/mount.ts";
import type { StartState } from "../native/start.ts";
import { encodePlan } from "../plan/encode.ts";
import { LAUNCH_FLAGS } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { Origin } from "../store/key.ts";
import { becomeWorkload } from "./become.ts";
import { brokerOf } from "./broker.ts";
import { candidatesOf, findProblem } from "./command.ts";
import type { LaunchRequest } from "./launch.ts";
import type { Outcome } from "./outcome.ts";
import { endPlainly } from "./plain.ts";
import type { Partner } from "./supervise.ts";

/** The command isn't there, or can't be executed: seen before the sandbox was built. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
  readonly status: 126 | 127;

  constructor(status: 126 | 127, message: string) {
    super(message);
    this.status = status;
  }
}

export interface RunOptions {
  readonly policy: Policy;
  /** As messages and events name it. */
  readonly policyFile: string;
  readonly host: Host;
  readonly start: StartState;
  readonly argv: readonly Uint8Array[];
  /** Run without what the host can't enforce. */
  readonly bestEffort: boolean;
  /** What the policy was made from: where it is known, a plan is kept for the next run. */
  readonly origin?: Origin | undefined;
  /** Where audit events go; undefined for nowhere. */
  readonly audit: string | undefined;
  /** Told what the run goes without, before it starts. */
  readonly onDegraded: (items: readonly Unsupported[]) => Promise<void>;
  /**
   * Asks a daemon to hold the run, once it is certain that there is something to hold. Undefined, or what it gives is,
   * where this process is to supervise alone.
   */
  readonly partner?: (() => AuditingPartner | undefined) | undefined;
}

/** A partner that has events of its own for the run's audit sink. */
export interface AuditingPartner extends Partner {
  /** Told where its events go; called at most once, before the run starts. */
  attach(sink: (event: AuditEvent) => void): void;
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly losses: Losses;
}

/**
 * The plan for a run, if it may run at all.
 * @throws UnsupportedError
 */
export function compileRun(policy: Policy, host: Host, bestEffort: boolean): Compiled {
  const compiled = compile(policy, host);
  const { unsupported } = compiled.report;
  // Best effort means less than the policy says, never nothing: without Landlock or seccomp there is no sandbox.
  const allowed = bestEffort && host.landlock.abi > 0 && host.seccomp.filter;
  if (unsupported.length > 0 && !allowed) throw new UnsupportedError(unsupported);
  return compiled;
}

function launchRequest(options: RunOptions): LaunchRequest {
  const [name = new Uint8Array()] = options.argv;
  const candidates = candidatesOf(name, options.start.env);
  // In a root of its own, or under mounts, the command isn't what the host has at its path.
  const seen = options.policy.runtime === undefined && options.policy.mount === undefined;
  const problem = seen ? findProblem(name, candidates) : undefined;
  if (problem !== undefined) throw new CommandError(problem.status, problem.message);
  // What a workload leaves behind still asks its broker.
  const flags = options.policy.broker === undefined ? 0 : LAUNCH_FLAGS.linger;
  return { argv: options.argv, env: options.start.env, candidates, flags, start: options.start };
}

/**
 * Whether the front can become a workload where this process can't: it has one thread, and so may enter a user namespace
 * itself. A PID namespace needs somebody who stays.
 */
function frontBecomes(plan: Plan, report: Report): boolean {
  return report.supervised.every((reason) => reason === "namespaces") && (plan.namespaces & CLONE_NEWPID) === 0;
}

/** Whether the front can serve such a run from its plan: all of the policy is enforced, and nobody has to stay for it. */
function isPlain({ supervised, unsupported }: Report, { partner }: RunOptions): boolean {
  return supervised.length + unsupported.length === 0 && partner === undefined;
}

/** For the front, which runs the same plan the next time without starting Bun. */
async function keep(plan: Uint8Array, { policy, origin, host, start }: RunOptions): Promise<void> {
  if (origin === undefined || start.build === undefined) return;
  const { keepPlan } = await import("../store/store.ts");
  keepPlan(plan, { policy, origin, host, env: start.env, build: start.build });
}

/**
 * Runs the command. Where nothing has to be supervised this process becomes it, and there is no return.
 * @throws UnsupportedError, CommandError, LaunchError, UsageError
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const bestEffort = options.bestEffort || options.policy.compat === "best-effort";
  if (options.audit !== undefined) {
    const { runAudited } = await import("./audited.ts");
    let compiled: Compiled | undefined;
    const result = await runAudited(options, options.audit, (): [Compiled, LaunchRequest] => {
      compiled = compileRun(options.policy, options.host, bestEffort);
      return [compiled, launchRequest(options)];
    });
    // After the run, so that the workload doesn't wait for it.
    if (compiled !== undefined && isPlain(compiled.report, options)) await keep(encodePlan(compiled.plan), options);
    return result;
  }
  const { plan, report } = compileRun(options.policy, options.host, bestEffort);
  if (report.unsupported.length > 0) await options.onDegraded(report.unsupported);
  const { origin } = options;
  const plain = isPlain(report, options);
  const plainBytes = plain && origin !== undefined ? encodePlan(plan) : undefined;
  if (plainBytes !== undefined && origin !== undefined) {
    endPlainly(plan, plainBytes, options.policy, origin, () => options.argv);
  }
  const request = launchRequest(options);
  const partner = options.partner?.();
  if (report.supervised.length === 0 && partner === undefined) {
    const bytes = plainBytes ?? encodePlan(plan);
    if (report.unsupported.length === 0) await keep(bytes, options);
    return becomeWorkload(plan, bytes, request);
  }
  if (report.unsupported.length === 0 && partner === undefined && frontBecomes(plan, report)) {
    await keep(encodePlan(plan), options);
  }
  const { supervise } = await import("./supervise.ts");
  const broker = partner === undefined ? await brokerOf(options.policy, plan, undefined) : undefined;
  const { outcome } = supervise(plan, request, { started: () => {} }, { partner, broker });
  return { outcome, losses: { events: 0, errno: 0 } };
}
