/** Every code that a finding can have, with what it means: for the documentation and for SARIF. */

export interface CodeText {
  readonly code: string;
  readonly severity: "error" | "warning";
  /** One sentence. */
  readonly summary: string;
}

function all(severity: "error" | "warning", texts: Readonly<Record<string, string>>): readonly CodeText[] {
  return Object.entries(texts).map(([code, summary]) => ({ code, severity, summary }));
}

/** Told by every command, before anything is run. */
export const LOAD_CODES: readonly CodeText[] = all("error", {
  "not-utf8": "The policy is not UTF-8 text.",
  "too-large": "The policy is larger than one mebibyte.",
  "too-deep": "Lists and tables are nested deeper than any policy needs.",
  "too-many": "A list, or the rules together, have more entries than are taken.",
  "too-many-findings": "There are more errors than are shown.",
  syntax: "The policy is not TOML.",
  "unknown-key": "The language has no such key.",
  "missing-key": "A key that must be there is missing.",
  "wrong-type": "A value has the wrong type.",
  "empty-list": "A list needs at least one entry.",
  "out-of-range": "A number is too small or too large.",
  "bad-value": "A value has the right type and is still none that the key takes.",
  "unknown-name": "No right, scope, mode or attribute has this name.",
  "unsupported-version": "The language has no such version.",
  "undefined-variable": "A variable has no value.",
  "bad-variable": "A variable's value can't stand in a path.",
  "bad-variable-syntax": "What follows `${` is no variable.",
  "tilde-path": "A path starts with `~`, which is not expanded.",
  "relative-path": "A path is not absolute.",
  "path-too-long": "A path is longer than the kernel takes.",
  "bad-path": 'A path has a NUL, or a part "." or "..".',
  "right-not-handled": "A rule grants a right that its layer does not handle.",
  "too-many-layers": "There are more layers than the kernel takes.",
  "export-without-scratch": "`broker.export` is given without `broker.scratch`.",
  "duplicate-object-name": "Two mount objects have one name.",
  "rule-on-process": "A rule is on what /proc shows of one process.",
  "mount-shadowed": "A mount target is on another one, or is hidden beneath it.",
  "unknown-syscall": "No supported architecture has a system call of this name.",
  "unknown-protection": "`seccomp.allow` names nothing that the built-in protections close.",
});

/** Told by `landlockd lint`, with a look at the host. */
export const LINT_CODES: readonly CodeText[] = [
  ...all("error", {
    "folder-right-on-file": "A right that only folders have is granted on something that is not a folder.",
    "mount-in-scratch": "A mount is beneath a folder in which the broker renames folders for the run.",
    "impossible-path": "A path can't exist, because it is beneath something that is not a folder.",
  }),
  ...all("warning", {
    "missing-path": "A path doesn't exist on this host, and a run would fail.",
    "shadowed-grant": "No run can use a grant, because another layer handles the right and doesn't grant it there.",
    "unhandled-write": "A write right is handled by no layer, and so is open everywhere.",
    "no-program": "No program can be executed under the policy.",
    "no-loader": "No dynamically linked program can be executed under the policy.",
    "writable-bind-source": "The source of a read-only bind mount can be written.",
    "changeable-path": "The run can change what a path of the policy means: links there aren't followed.",
    "writes-policy": "The run can write the policy itself.",
    "writes-plan-store": "The run can write the store of compiled plans, or its key.",
    "cold-start": "No run of the policy starts from a stored plan: each takes several times as long.",
    "writes-landlockd": "The run can write the landlockd executable.",
    "writes-keys": "The run can write keys, or who may log in.",
    "writes-startup-files": "The run can write files that are run outside of the sandbox later.",
    "writes-git-hooks": "The run can write a repository's hooks and settings.",
    "writes-path-folder": "The run can write a folder on PATH.",
    "writes-proc": "The run can write what /proc has of other processes.",
    "writes-socket": "The run can write the socket of a daemon that acts outside of the sandbox.",
    "unenforceable-right": "The host's Landlock doesn't have a right that is handled.",
    "mount-without-rule": "A target of a broker mount is under no rule.",
    "scratch-linkable": "Files can be linked into a scratch folder past the broker.",
  }),
];
