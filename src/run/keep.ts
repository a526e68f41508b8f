/** Fills the plan store after a run that didn't end plainly. */

import { keepPlan } from "../store/store.ts";
import type { RunOptions } from "./run.ts";

/** For the front, which runs the same plan the next time without starting Bun. */
export function keep(plan: Uint8Array, { policy, origin, host, start }: RunOptions): void {
  if (policy === undefined || origin === undefined || start.build === undefined) return;
  keepPlan(plan, { policy, origin, host, env: start.env, build: start.build });
}
