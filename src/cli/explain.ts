/** Errors as a person reads them: one line each, `landlockd: FILE:LINE:COL: message`, hint below. */

import {
  EndedError,
  type KeyPath,
  LaunchError,
  LinkError,
  type Place,
  PolicyError,
  type Unsupported,
  UnsupportedError,
  UsageError,
} from "../base/errors.ts";
import { EACCES, EBADFD, EBUSY, EINVAL, EISDIR, ELOOP, ENOENT, ENOSYS, EPERM, EPROTO } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { OPENAT2_IN_A_SANDBOX } from "../native/file.ts";
import type { VariableUse } from "../policy/variables.ts";
import { CommandError } from "../run/command.ts";
import { OutputError } from "./output.ts";

/** The policy that a message may be about. */
export interface PolicyText {
  readonly file: string;
  readonly text: string;
  /** The variables that it used. */
  readonly uses?: readonly VariableUse[];
}

function line(message: string, hint?: string): string {
  return `landlockd: ${message}\n${hint === undefined ? "" : `  hint: ${hint}\n`}`;
}

function at(place: Place | undefined, policy: PolicyText | undefined): string {
  if (place !== undefined) return `${place.file}:${place.line}:${place.column}: `;
  return policy === undefined ? "" : `${policy.file}: `;
}

async function placeOf(key: KeyPath, policy: PolicyText | undefined): Promise<Place | undefined> {
  if (policy === undefined || key.length === 0) return undefined;
  const { placeOfKey } = await import("../policy/locate.ts");
  return placeOfKey(policy.text, policy.file, key);
}

/** One line for an item that the host can't enforce. */
export async function unsupportedLine(
  item: Unsupported,
  policy: PolicyText | undefined,
  hint?: string,
): Promise<string> {
  const place = at(await placeOf(item.key, policy), policy);
  return line(`${place}${item.item} needs ${item.needs}; this host has ${item.has}`, hint);
}

/** What was being done, by stage, where the stage's name alone tells too little. */
const STAGE_WORDS: Readonly<Record<string, string>> = {
  rule_path: "cannot grant rights on",
  cwd: "cannot enter the working directory",
  clone: "cannot start a process for the sandbox",
  identity: "cannot map the user into a user namespace",
  private_mounts: "cannot make mounts private",
  bind_source: "cannot take the bind source",
  broker: "cannot use",
  root: "cannot prepare the root",
  bind: "cannot bind to",
  tmpfs: "cannot mount a tmpfs on",
  proc: "cannot mount proc on",
  enter_cwd: "the working directory isn't there under the mounts",
  pivot: "cannot change the root",
  filter: "cannot install the system call filter",
};

/** csrc/plan/proof.h */
const NOT_DONE = "the kernel says that it restricts this process, and doesn't";

const STAGE_HINTS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  bind: { [ENOENT]: "the target must exist: landlockd makes no mount points" },
  tmpfs: { [ENOENT]: "the target must exist: landlockd makes no mount points" },
  proc: {
    [ENOENT]: "the target must exist: landlockd makes no mount points",
    [EPERM]: "the kernel gives a fresh proc only where a whole one is visible: containers hide parts of theirs",
  },
  restrict: { [EPROTO]: NOT_DONE },
  enter_cwd: { [ENOENT]: "start elsewhere, or set runtime.cwd" },
  private_mounts: { [EISDIR]: "stdin, stdout or stderr is a folder, which would lead past the mounts" },
  filter: {
    [EPROTO]: NOT_DONE,
    [EBUSY]:
      "this process is in a sandbox with a broker already, another landlockd's or a tool's like it, and the kernel allows one: run without [broker], or start it outside",
  },
  pivot: {
    [EINVAL]: "the host's own root is an initramfs, which can't be left",
  },
};

function launchHint(error: LaunchError): string | undefined {
  if (error instanceof LinkError) {
    return "no such link is followed: remove it, or where it is your own, write the path that it leads to";
  }
  if (error.stage === "exec" && error.errno === EACCES) {
    return "the policy must grant execute and read_file on the program, its interpreter and its libraries";
  }
  if (error.stage === "exec" && error.errno === EPERM) {
    return "if the policy's [seccomp] deny names execve: it denies the start of the command itself";
  }
  if (error.stage === "rule_path" && error.errno === EINVAL) {
    return "a rule on a file takes only execute, write_file, read_file, truncate and ioctl_dev";
  }
  if (error.stage === "broker" && error.errno === ENOSYS) return OPENAT2_IN_A_SANDBOX;
  if (error.stage !== "exec" && error.errno === ELOOP) {
    return "no symbolic link is followed beneath what the policy lets its runs change";
  }
  const hint = STAGE_HINTS[error.stage]?.[error.errno];
  if (hint !== undefined) return hint;
  if (error.stage === "rule_path" && error.errno === EBADFD) {
    return "no rule can be on a pipe, a socket or the like; set optional = true on the rule where the path may lead to one";
  }
  if (error.stage === "rule_path") return "set optional = true on the rule if the path may be missing";
  return undefined;
}

/** A path that isn't there because of a variable's value: where that comes from is what there is to do about. */
function variableHint({ stage, errno, subject }: LaunchError, policy: PolicyText | undefined): string | undefined {
  if (stage !== "rule_path" || errno !== ENOENT || subject === undefined) return undefined;
  const found = policy?.uses?.find(({ value }) => value === subject);
  return found && `it is the value of \${${found.name}}: make it, or give another one by --set ${found.name}=…`;
}

async function launchLine(error: LaunchError, policy: PolicyText | undefined): Promise<string> {
  const subject = error.subject === undefined ? "" : ` ${JSON.stringify(error.subject)}`;
  const reason = error instanceof LinkError ? error.message : errnoPhrase(error.errno);
  if (error.stage === "exec") return line(`cannot execute${subject}: ${reason}`, launchHint(error));
  const place = at(await placeOf(error.key ?? [], policy), error.key === undefined ? undefined : policy);
  const what = STAGE_WORDS[error.stage] ?? `cannot set up the sandbox (${error.stage})`;
  return line(`${place}${what}${subject}: ${reason}`, variableHint(error, policy) ?? launchHint(error));
}

async function findingLines(error: PolicyError): Promise<string> {
  const { placeFindings } = await import("../policy/locate.ts");
  return (await placeFindings(error.text, error.file, error.findings))
    .map((finding) => line(`${at(finding.place, error)}${finding.message}`, finding.hint))
    .join("");
}

/** By its name: its class is loaded only by who talks to a daemon. */
function isDaemonError(error: unknown): error is Error & { readonly hint: string | undefined } {
  return error instanceof Error && error.name === "DaemonError";
}

/** What to print on stderr for an error. A bug is what nothing else explains, and looks like one. */
export async function explain(error: unknown, policy: PolicyText | undefined): Promise<string> {
  if (error instanceof PolicyError) return findingLines(error);
  if (error instanceof UsageError) return line(error.message, error.hint);
  if (isDaemonError(error)) return line(error.message, error.hint);
  if (error instanceof CommandError || error instanceof EndedError) return line(error.message);
  if (error instanceof LaunchError) return launchLine(error, policy);
  if (error instanceof OutputError) return line(`cannot write to stdout: ${errnoPhrase(error.errno)}`);
  if (error instanceof UnsupportedError) {
    const hint = '--best-effort, or compat = "best-effort" in the policy, runs without it';
    const lines = error.items.map((item) => unsupportedLine(item, policy, item.key.length === 0 ? undefined : hint));
    return (await Promise.all(lines)).join("");
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return line(`internal error, please report it: ${detail.split("\n").join("\n  ")}`);
}
