/**
 * Compiled policies, kept by content: the policy's bytes, the values of the variables that it uses, and what the host
 * lets its client do. Never stale, because nothing else goes into a plan that lasts; bounded, the longest unused goes first.
 */

import { createHash } from "node:crypto";
import type { Compiled } from "../compile/compile.ts";
import type { Host } from "../kernel/host.ts";
import { sealedCopy } from "../native/memfd.ts";
import { syscall } from "../native/syscall.ts";
import { encodePlan } from "../plan/encode.ts";
import type { PolicySource } from "../policy/load.ts";
import type { Policy } from "../policy/policy.ts";
import { validatePolicy } from "../policy/validate.ts";
import type { VariableContext } from "../policy/variables.ts";
import { compileRun } from "../run/run.ts";

export interface KeptPlan {
  readonly policy: Policy;
  readonly compiled: Compiled;
  /** What it was compiled for. */
  readonly host: Host;
  /** A sealed memfd with the plan's bytes; owned here. */
  readonly fd: number;
}

const PLANS_MAX = 256;
/** Policies whose variables are known; each entry is a hash and a few names. */
const NAMES_MAX = 4096;

function variableValue(name: string, source: PolicySource, variables: VariableContext): string | undefined {
  const given = variables.set.get(name);
  if (given !== undefined) return given;
  const builtIn: Readonly<Record<string, string | undefined>> = {
    CWD: variables.cwd,
    HOME: variables.env["HOME"],
    TMPDIR: variables.env["TMPDIR"],
    UID: String(variables.uid),
    POLICY_DIR: source.policyDir,
  };
  return builtIn[name];
}

/** Drops the first, longest unused, entry of a full map. */
function makeRoom<Value>(map: Map<string, Value>, max: number): Value | undefined {
  const oldest = map.size < max ? undefined : map.entries().next().value;
  if (oldest === undefined) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}

export class Plans {
  readonly #host: (policy: Policy, capabilities: bigint) => Host;
  /** By policy: the variables that it uses. They follow from its text alone. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #plans = new Map<string, KeptPlan>();
  hits = 0;
  misses = 0;

  constructor(host: (policy: Policy, capabilities: bigint) => Host) {
    this.#host = host;
  }

  get size(): number {
    return this.#plans.size;
  }

  /**
   * The plan for a request.
   * @throws PolicyError, UnsupportedError, LinkError; those are not kept.
   */
  get(source: PolicySource, variables: VariableContext, bestEffort: boolean, capabilities: bigint): KeptPlan {
    const content = createHash("sha256").update(source.bytes).digest("base64");
    const names = this.#names.get(content);
    const keyFor = (variableNames: readonly string[]): string =>
      JSON.stringify([
        content,
        bestEffort,
        `${capabilities}`,
        variableNames.map((name) => variableValue(name, source, variables) ?? null),
      ]);
    const known = names === undefined ? undefined : this.#plans.get(keyFor(names));
    if (names !== undefined && known !== undefined && known.compiled.report.fleeting !== true) {
      this.hits += 1;
      this.#plans.delete(keyFor(names));
      this.#plans.set(keyFor(names), known);
      return known;
    }
    this.misses += 1;
    const loaded = validatePolicy(source, variables);
    const used = loaded.uses.map(({ name }) => name);
    const made = this.#make(loaded.policy, bestEffort || loaded.policy.compat === "best-effort", capabilities);
    makeRoom(this.#names, NAMES_MAX);
    this.#names.set(content, used);
    const key = keyFor(used);
    const before = this.#plans.get(key);
    this.#plans.delete(key);
    const dropped = before ?? makeRoom(this.#plans, PLANS_MAX);
    if (dropped !== undefined) syscall("close", dropped.fd);
    this.#plans.set(key, made);
    return made;
  }

  #make(policy: Policy, bestEffort: boolean, capabilities: bigint): KeptPlan {
    const host = this.#host(policy, capabilities);
    const compiled = compileRun(policy, host, bestEffort);
    const fd = sealedCopy("landlockd-plan", encodePlan(compiled.plan));
    if (fd < 0) throw new Error(`memfd_create: errno ${-fd}`);
    return { policy, compiled, host, fd };
  }
}
