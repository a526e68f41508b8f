/** The flags by which every command that reads a policy is told which one. */

import type { ArgsDef } from "citty";
import { UsageError } from "../base/errors.ts";
import { rawVariable } from "../base/raw.ts";
import { startState, wasWarned } from "../native/start.ts";
import { syscall } from "../native/syscall.ts";
import { type LoadedPolicy, loadPolicy, type PolicySource } from "../policy/load.ts";
import { readPolicyFile } from "../policy/read.ts";
import { parseSettings, type VariableContext } from "../policy/variables.ts";
import type { Origin } from "../store/key.ts";
import type { Parsed } from "./arguments.ts";
import { writeErr } from "./output.ts";

export const POLICY_FLAGS: ArgsDef = {
  "policy-file": { type: "string", valueHint: "FILE", description: "The policy, as a file; - is stdin" },
  policy: { type: "string", valueHint: "NAME", description: "The policy, by name: one of yours, or a starter policy" },
  set: { type: "string", valueHint: "NAME=VALUE", description: "Set a variable of the policy; may be repeated" },
};

/** Undefined where it was removed. */
export function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The environment that landlockd was started with, where a front kept it from Bun. */
function startVariable(name: string): string | undefined {
  const raw = rawVariable(startState().env, name);
  return raw === undefined ? undefined : Buffer.from(raw).toString();
}

/** Where variables in a policy get their values. */
export function variableContext(parsed: Parsed): VariableContext {
  return {
    cwd: workingFolder(),
    env: {
      get HOME() {
        return startVariable("HOME");
      },
      get TMPDIR() {
        return startVariable("TMPDIR");
      },
    },
    uid: syscall("getuid"),
    set: parseSettings(parsed.values("set")),
  };
}

async function tellShadow(source: PolicySource, parsed: Parsed): Promise<void> {
  const { shadowLine } = await import("./shadow.ts");
  const line = await shadowLine(source, variableContext(parsed));
  if (line !== undefined && !wasWarned()) writeErr(`landlockd: ${line}\n`);
}

/** The one policy that the flags name. @throws UsageError */
export async function policySource(parsed: Parsed): Promise<PolicySource> {
  const files = parsed.values("policy-file");
  const name = parsed.value("policy");
  if (files.length > 1) throw new UsageError("--policy-file is given twice");
  if (files.length > 0 && name !== undefined) {
    throw new UsageError("--policy-file and --policy are both given", "one policy makes a run: choose one");
  }
  if (files[0] !== undefined) return readPolicyFile(files[0]);
  if (name === undefined) {
    throw new UsageError("no policy is given", "use --policy-file FILE, or --policy NAME such as ci-default");
  }
  const { findNamedPolicy } = await import("../policy/named.ts");
  // Of a variable that is given twice Bun takes the last, and the front and everybody else the first.
  const variables = ["LANDLOCKD_POLICY_PATH", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"];
  const source = findNamedPolicy(name, Object.fromEntries(variables.map((each) => [each, startVariable(each)])));
  if (source.shadows !== undefined) await tellShadow(source, parsed);
  return source;
}

/** With all that a plan of it depends on but the host. @throws UsageError, PolicyError */
export async function policyOf(parsed: Parsed): Promise<LoadedPolicy & { readonly origin?: Origin }> {
  const source = await policySource(parsed);
  const variables = variableContext(parsed);
  const loaded = await loadPolicy(source, variables);
  return source.isStream ? loaded : { ...loaded, origin: { source, variables, settings: parsed.values("set") } };
}
