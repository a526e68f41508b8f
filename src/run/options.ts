/** What a run is asked to be. */

import type { AuditEvent } from "../audit/events.ts";
import type { Unsupported } from "../base/errors.ts";
import type { Compiled, Report } from "../compile/compile.ts";
import type { Host } from "../kernel/host.ts";
import type { StartState } from "../native/start.ts";
import type { Policy } from "../policy/policy.ts";
import type { Origin } from "../store/key.ts";
import type { Partner } from "./supervise.ts";

/** What a run is held to: a policy, compiled for the host; or the plan of a plan file. */
export type Enforced =
  | { readonly policy: Policy; readonly compiled?: undefined }
  | { readonly policy?: undefined; readonly compiled: Compiled };

export type RunOptions = Enforced & RunParts;

interface RunParts {
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
  /** Told of what lies in the run's own reach, one line each, before it starts. */
  readonly onWarning: (line: string) => void;
  /** Told what the run goes without, before it starts. */
  readonly onDegraded: (items: readonly Unsupported[]) => Promise<void>;
  /** Told what the policy does without by name on this host, of this Landlock ABI. */
  readonly onWithout: (items: readonly Unsupported[], abi: number) => void;
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

/** What the run goes without is said before it starts. */
export async function tellDegraded({ unsupported, without }: Report, options: RunOptions): Promise<void> {
  if (unsupported.length > 0) await options.onDegraded(unsupported);
  if (without.length > 0) options.onWithout(without, options.host.landlock.abi);
}
