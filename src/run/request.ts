/** What a run adds to its plan, for all but the plainest: that takes it from the start record (csrc/finish.h). */

import { LAUNCH_FLAGS } from "../plan/layout.ts";
import { CommandError, candidatesOf, findProblem } from "./command.ts";
import type { LaunchRequest } from "./launch.ts";
import type { RunOptions } from "./run.ts";

/** @throws CommandError */
export function launchRequest(options: RunOptions): LaunchRequest {
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
