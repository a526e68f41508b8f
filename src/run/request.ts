/** What a run adds to its plan, for all but the plainest: that takes it from the start record (csrc/run/finish.h). */

import { LAUNCH_FLAGS, type OpName } from "../plan/layout.ts";
import { hasListener } from "../plan/needs.ts";
import type { Plan } from "../plan/plan.ts";
import { CommandError, candidatesOf, findProblem } from "./command.ts";
import type { LaunchRequest } from "./launch.ts";
import type { RunOptions } from "./options.ts";

/** In a root of its own, under mounts, or from another folder, a command isn't what is at its path here. */
const MOVING: ReadonlySet<OpName> = new Set<OpName>(["bind", "tmpfs", "proc", "pivot", "cwd"]);

/** @throws CommandError */
export function launchRequest(plan: Plan, options: RunOptions): LaunchRequest {
  const [name = new Uint8Array()] = options.argv;
  const candidates = candidatesOf(name, options.start.env);
  const seen = !plan.ops.some(({ kind }) => MOVING.has(kind));
  const problem = seen ? findProblem(name, candidates) : undefined;
  if (problem !== undefined) throw new CommandError(problem.status, problem.message);
  // What a workload leaves behind still asks its broker.
  const flags = hasListener(plan) ? LAUNCH_FLAGS.linger : 0;
  return { argv: options.argv, env: options.start.env, candidates, flags, start: options.start };
}
