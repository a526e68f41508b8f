/** `landlockd lint`: what is wrong with a policy, where, and what to write instead. */

import type { ArgsDef, CommandDef } from "citty";
import { type Finding, UsageError } from "../base/errors.ts";
import { rawVariable } from "../base/raw.ts";
import { VERSION } from "../base/version.ts";
import { probeHost } from "../native/host.ts";
import { startState } from "../native/start.ts";
import { STDIN } from "../policy/file.ts";
import { formatGithub } from "../policy/lint/format/github.ts";
import { formatJson } from "../policy/lint/format/json.ts";
import { formatSarif } from "../policy/lint/format/sarif.ts";
import { formatText } from "../policy/lint/format/text.ts";
import { hostFacts } from "../policy/lint/host-facts.ts";
import { count, lintSource } from "../policy/lint/report.ts";
import type { PolicySource } from "../policy/load.ts";
import { readPolicyFile } from "../policy/read.ts";
import { plantable } from "../store/cold.ts";
import { places } from "../store/place.ts";
import { type Parsed, parseFlags } from "./arguments.ts";
import { explain } from "./explain.ts";
import { exit, writeErr, writeOut } from "./output.ts";
import { POLICY_FLAGS, policySource, variableContext } from "./policy.ts";
import { STATUS_NO, STATUS_USAGE } from "./status.ts";

export const LINT_FLAGS: ArgsDef = {
  ...POLICY_FLAGS,
  format: { type: "string", valueHint: "FORMAT", description: "text (default), json, github or sarif" },
  strict: { type: "boolean", description: "Exit 1 for warnings too" },
};

const FORMATS: Readonly<Record<string, (findings: readonly Finding[]) => string>> = {
  text: formatText,
  json: formatJson,
  github: formatGithub,
  sarif: (findings) => formatSarif(findings, { version: VERSION, cwd: process.cwd() }),
};

function formatOf(parsed: Parsed): (findings: readonly Finding[]) => string {
  const name = parsed.value("format") ?? "text";
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) {
    throw new UsageError(
      `--format ${JSON.stringify(name)}: no such format`,
      `there are: ${Object.keys(FORMATS).join(", ")}`,
    );
  }
  return format;
}

/** Files as arguments (that is how pre-commit calls), or one policy by the flags that `run` has. */
async function sourcesOf(parsed: Parsed): Promise<PolicySource[]> {
  const files = [...parsed.positionals, ...(parsed.command ?? [])];
  if (files.length > 0 && parsed.value("policy") !== undefined) {
    throw new UsageError("files and --policy are both given");
  }
  const named = [...parsed.values("policy-file"), ...files];
  if (named.filter((each) => each === STDIN).length > 1) throw new UsageError("standard input is given twice");
  return named.length > 0 ? named.map(readPolicyFile) : [await policySource(parsed)];
}

/** The environment's own PATH, HOME and so on: what the policy's user would have. */
function environment(name: string): string | undefined {
  const raw = rawVariable(startState().env, name);
  return raw === undefined ? undefined : Buffer.from(raw).toString();
}

async function lintAll(args: readonly string[]): Promise<never> {
  try {
    const parsed = parseFlags(args, LINT_FLAGS);
    const format = formatOf(parsed);
    const host = probeHost();
    const variables = variableContext(parsed);
    const store = places(startState().env);
    const findings: Finding[] = [];
    for (const source of await sourcesOf(parsed)) {
      const facts = hostFacts({
        landlockAbi: host.landlock.abi,
        arch: host.arch,
        uid: host.uid,
        home: environment("HOME"),
        cwd: variables.cwd,
        pathFolders: (environment("PATH") ?? "").split(":").filter((folder) => folder.startsWith("/")),
        executable: process.execPath,
        storeFolders: store === undefined ? [] : [store.plans, store.key],
        coldReason: (policy) => (store === undefined ? undefined : plantable(policy, [store.plans, store.key])),
        policyFile: source.policyDir === undefined ? undefined : source.file,
      });
      for (const finding of await lintSource(source, variables, facts)) findings.push(finding);
    }
    writeOut(format(findings));
    const { errors, warnings } = count(findings);
    return exit(errors > 0 || (parsed.on("strict") && warnings > 0) ? STATUS_NO : 0);
  } catch (error) {
    writeErr(await explain(error, undefined));
    return exit(STATUS_USAGE);
  }
}

export const command: CommandDef = {
  meta: { name: "lint", description: "Find mistakes in policies, with their place and what to write instead" },
  args: LINT_FLAGS,
  run: ({ rawArgs }) => lintAll(rawArgs),
};
