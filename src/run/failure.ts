/** What C says of a failure, as an error that names the policy item behind it. */

import { LaunchError } from "../base/errors.ts";
import type { Failure } from "../native/become.ts";
import { OPS, STAGES } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";

function stageName(stage: number): string {
  const op = Object.entries(OPS).find(([, spec]) => spec.id === stage);
  const other = Object.entries(STAGES).find(([, id]) => id === stage);
  return (op ?? other)?.[0] ?? `stage ${stage}`;
}

/** The error behind a failure that C tells of. `command` is what it is about where the command couldn't be executed. */
export function failureOf(failure: Failure, plan: Plan, command: string): LaunchError {
  const stage = stageName(failure.stage);
  const op = plan.ops[failure.op];
  const subject = stage === "exec" ? command : typeof op?.text === "string" ? op.text : undefined;
  return new LaunchError(stage, failure.errno, {
    ...(op?.key === undefined ? {} : { key: op.key }),
    ...(subject === undefined ? {} : { subject }),
  });
}
