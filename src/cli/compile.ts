/** `landlockd compile`: a policy's plan as a file, for images whose runs start from it. */

import { isatty } from "node:tty";
import type { ArgsDef, CommandDef } from "citty";
import {
  type KeyPath,
  LinkError,
  PolicyError,
  type Unsupported,
  UnsupportedError,
  UsageError,
} from "../base/errors.ts";
import { compile } from "../compile/compile.ts";
import { closeLinks, Ways } from "../compile/links.ts";
import { ENOENT } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { ARCH_FLAGS, O_PATH } from "../kernel/file.ts";
import type { Host } from "../kernel/host.ts";
import { closeFile, openFile, realPath } from "../native/file.ts";
import { HOST_LINKS, openClosed } from "../native/links.ts";
import { startState } from "../native/start.ts";
import { ARCH } from "../native/syscall.ts";
import { dotted } from "../policy/finding.ts";
import { type LoadedPolicy, loadPolicy } from "../policy/load.ts";
import type { Policy } from "../policy/policy.ts";
import { NOT_UTF8 } from "../policy/variables.ts";
import { PLAN_BYTES_MAX } from "../store/evict.ts";
import { canPlant } from "../store/grants.ts";
import { encodePlanFile, WITHOUT_FRONT } from "../store/plan-file.ts";
import { isTaken, replaceFile } from "../store/plan-write.ts";
import { type Parsed, parseFlags } from "./arguments.ts";
import { explain, type PolicyText, unsupportedLine } from "./explain.ts";
import { hostFor } from "./host.ts";
import { exit, writeErr, writeOut } from "./output.ts";
import { POLICY_FLAGS, policySource, variableContext } from "./policy.ts";
import { STATUS_NO, STATUS_USAGE } from "./status.ts";

export const COMPILE_FLAGS: ArgsDef = {
  ...POLICY_FLAGS,
  output: {
    type: "string",
    alias: "o",
    valueHint: "PLAN",
    description: "Where the plan goes; - (the default): stdout",
  },
};

const STDOUT = "-";

/** Where the plan goes, asked for before anything is compiled. @throws UsageError */
function outputOf(parsed: Parsed): string {
  const [unexpected] = [...parsed.positionals, ...(parsed.command ?? [])];
  if (unexpected !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(unexpected)}`);
  const output = parsed.value("output") ?? STDOUT;
  if (output === STDOUT) {
    if (isatty(1)) throw new UsageError("a plan is nothing for a terminal", "-o PLAN writes it to a file");
  } else if (output.includes(NOT_UTF8)) {
    throw new UsageError("the plan file's name isn't UTF-8");
  } else if (output.endsWith("/") || isTaken(output)) {
    throw new UsageError(`${output}: only a regular file is replaced`, "-o - writes the plan to stdout");
  }
  return output;
}

/** The first list of `[broker]` that has an entry. */
function brokerList({ broker }: Policy): KeyPath | undefined {
  const found = Object.entries(broker ?? {}).find(([, list]) => (list as readonly unknown[]).length > 0);
  return found === undefined ? undefined : ["broker", found[0]];
}

const HINT = "run it with --policy-file or --policy";

/** The policy can't be made a plan file. */
function refusal({ file, text }: LoadedPolicy, key: KeyPath, message: string): PolicyError {
  return new PolicyError(file, text, [{ code: "not-in-a-plan", severity: "error", key, message, hint: HINT }]);
}

/** Who runs a plan may change more than who compiled it. */
const ANY_USER = { ...HOST_LINKS, mayRename: () => true };

/** The plan file's bytes. @throws PolicyError, UnsupportedError, UsageError */
function compileFile(loaded: LoadedPolicy, source: Uint8Array, host: Host, uid: number | undefined): Uint8Array {
  const { build } = startState();
  if (build === undefined) throw new UsageError(WITHOUT_FRONT);
  const broker = brokerList(loaded.policy);
  if (broker !== undefined) {
    throw refusal(loaded, broker, `${dotted(broker)} needs the policy while a run goes on: a plan file has none`);
  }
  const { plan, report } = closeLinks(compile(loaded.policy, host), loaded.policy, ANY_USER);
  if (report.unsupported.length > 0) throw new UnsupportedError(report.unsupported);
  const bytes = encodePlanFile({ plan, policy: loaded.policy, text: source, host, uid, build });
  if (bytes === undefined) throw refusal(loaded, [], `the plan is larger than ${PLAN_BYTES_MAX} bytes`);
  return bytes;
}

/** Replaces the file, in the folder that its path names without a link of an earlier run's. A positive errno, or 0. */
function writeFile(output: string, bytes: Uint8Array, policy: Policy, cwd: string | undefined): number {
  const path = output.startsWith("/") ? output : `${cwd ?? ""}/${output}`;
  const slash = path.lastIndexOf("/");
  const { text, trusted } = new Ways(policy, ANY_USER).of(path.slice(0, slash) || "/", "output");
  const flags = O_PATH | ARCH_FLAGS[ARCH].O_DIRECTORY;
  const folder = trusted > 0 ? openClosed(text, trusted, flags) : openFile(text, flags);
  if (folder < 0) return -folder;
  const errno = replaceFile(folder, path.slice(slash + 1), bytes);
  closeFile(folder);
  return errno;
}

function write(output: string, bytes: Uint8Array, policy: Policy, cwd: string | undefined): void {
  if (output === STDOUT) {
    writeOut(bytes);
    return;
  }
  let errno: number;
  try {
    errno = writeFile(output, bytes, policy, cwd);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    throw new UsageError(
      `${output}: cannot write the plan: ${error.message}`,
      "write it elsewhere, or remove the link",
    );
  }
  if (errno === 0) return;
  const hint = errno === ENOENT ? "its folder must be there: landlockd makes none for a plan" : undefined;
  throw new UsageError(`${output}: cannot write the plan: ${errnoPhrase(errno)}`, hint);
}

/** The linter says the same of a policy that its run can write. */
function warnOfWriters(policy: Policy, output: string): void {
  if (output === STDOUT || !canPlant(policy, realPath(output) ?? output)) return;
  writeErr(`landlockd: ${output}: warning: the policy lets a run write this plan, and so decide the next one\n`);
}

/** What the host lacks fails a plan file, whatever the policy's `compat` says: a plan is enforced as a whole. */
async function unsupportedLines(items: readonly Unsupported[], policy: PolicyText | undefined): Promise<string> {
  const hint = "a plan file holds all of its policy: compile it on a host that can enforce it";
  return (await Promise.all(items.map((item) => unsupportedLine(item, policy, hint)))).join("");
}

async function compileCommand(args: readonly string[]): Promise<never> {
  let loaded: LoadedPolicy | undefined;
  try {
    const parsed = parseFlags(args, COMPILE_FLAGS);
    const output = outputOf(parsed);
    const source = await policySource(parsed);
    const variables = variableContext(parsed);
    loaded = await loadPolicy(source, variables);
    const named = loaded.uses.some(({ name }) => name === "UID") && !variables.set.has("UID");
    const host = await hostFor(loaded.policy);
    const bytes = compileFile(loaded, source.bytes, host, named ? variables.uid : undefined);
    write(output, bytes, loaded.policy, variables.cwd);
    warnOfWriters(loaded.policy, output);
    return exit(0);
  } catch (error) {
    const no = error instanceof UnsupportedError;
    writeErr(no ? await unsupportedLines(error.items, loaded) : await explain(error, loaded));
    return exit(no || error instanceof PolicyError ? STATUS_NO : STATUS_USAGE);
  }
}

export const command: CommandDef = {
  meta: { name: "compile", description: "Compile a policy to a plan file, for images" },
  args: COMPILE_FLAGS,
  run: ({ rawArgs }) => compileCommand(rawArgs),
};
