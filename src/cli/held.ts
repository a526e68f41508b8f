/** `landlockd run --socket`: the same run, with a daemon that answers its broker's requests. */

import { UsageError } from "../base/errors.ts";
import { rawVariable } from "../base/raw.ts";
import { Daemon } from "../daemon/client.ts";
import type { RunRequest } from "../daemon/request.ts";
import { startState } from "../native/start.ts";
import { type LoadedPolicy, loadPolicy, type PolicySource } from "../policy/load.ts";
import type { AuditingPartner } from "../run/options.ts";
import type { Parsed } from "./arguments.ts";
import { policySource, variableContext } from "./policy.ts";

export interface HeldRun {
  /** @throws UsageError, PolicyError, DaemonError */
  load(): Promise<LoadedPolicy>;
  /** Asks for the run. @throws DaemonError */
  readonly ask: () => AuditingPartner | undefined;
}

function requestOf(parsed: Parsed, source: PolicySource | undefined, argc: number): RunRequest {
  const jobId = rawVariable(startState().env, "LANDLOCKD_JOB_ID");
  const name = parsed.value("policy");
  return {
    policyFile: source?.file ?? name ?? "",
    policyDir: source?.policyDir,
    policyName: name,
    variables: variableContext(parsed),
    bestEffort: parsed.on("best-effort"),
    audit: parsed.value("audit") !== undefined,
    jobId: jobId === undefined ? undefined : Buffer.from(jobId).toString(),
    argc,
  };
}

/** Connects. A daemon that chooses policies itself is asked at once; any other when this process has found no fault. */
export function heldRun(socket: string, parsed: Parsed, argc: number): HeldRun {
  const daemon = new Daemon(socket, "run");
  let source: PolicySource | undefined;
  let partner: (() => AuditingPartner | undefined) | undefined;
  return {
    async load() {
      if (daemon.namedOnly && parsed.value("policy") === undefined) {
        throw new UsageError("this daemon chooses policies itself, by their names", "use --policy NAME");
      }
      if (daemon.namedOnly) {
        const granted = daemon.request(requestOf(parsed, undefined, argc), undefined);
        source = granted.policy;
        partner = () => granted.partner;
      } else {
        source = await policySource(parsed);
      }
      return loadPolicy(source, variableContext(parsed));
    },
    ask: () => (partner ?? (() => daemon.request(requestOf(parsed, source, argc), source).partner))(),
  };
}
