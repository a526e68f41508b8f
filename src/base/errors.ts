/**
 * The few kinds of failure that landlockd tells apart. They carry structure; text for people is made in `cli/`.
 * A bug is none of these: whatever else is thrown is reported as one.
 */

/** A place in a policy file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Where a value sits in the policy: `["fs_layer", 0, "rule", 2, "path"]`. */
export type KeyPath = readonly (string | number)[];

/** One thing found in a policy. `place` is filled in only when it is about to be shown. */
export interface Finding {
  /** Stable, kebab-case: what scripts match on. */
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly key: KeyPath;
  /** One line: what is wrong. No trailing full stop. */
  readonly message: string;
  /** One line: what to do. */
  readonly hint?: string;
  /** Set where the parser itself knows the place (syntax errors). */
  readonly place?: Place;
}

/** The policy can't be used. Holds every finding, not the first. */
export class PolicyError extends Error {
  override readonly name: string = "PolicyError";
  readonly file: string;
  /** The policy's text where it could be read: places are found in it. */
  readonly text: string;
  readonly findings: readonly Finding[];

  constructor(file: string, text: string, findings: readonly Finding[]) {
    super(findings.map((finding) => finding.message).join("; "));
    this.file = file;
    this.text = text;
    this.findings = findings;
  }
}

/** One policy item that this host can't enforce. */
export interface Unsupported {
  /** Dotted key or built-in name: `net.rule[0]`, `scope.signal`. */
  readonly item: string;
  readonly key: KeyPath;
  /** What it takes: `Landlock ABI 4 (Linux 6.7)`. */
  readonly needs: string;
  /** What is there: `Landlock ABI 3`. */
  readonly has: string;
}

/** The host can't enforce what the policy says, and nobody allowed less. */
export class UnsupportedError extends Error {
  override readonly name: string = "UnsupportedError";
  readonly items: readonly Unsupported[];

  constructor(items: readonly Unsupported[]) {
    super(items.map((each) => `${each.item} needs ${each.needs}; this host has ${each.has}`).join("; "));
    this.items = items;
  }
}

/** landlockd was called in a way that can't be served: a flag, an argument, a file that can't be read. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** A run that had begun was ended by landlockd, for the reason that the message tells: its workload was killed. */
export class EndedError extends Error {
  override readonly name: string = "EndedError";
}

/** The run could not be set up, or the command could not be executed. */
export class LaunchError extends Error {
  override readonly name: string = "LaunchError";
  /** What was being done, in the plan's words: `rule`, `restrict`, `exec`. */
  readonly stage: string;
  /** Positive errno, as in errno(3). */
  readonly errno: number;
  /** The policy item behind the failing operation, where there is one. */
  readonly key: KeyPath | undefined;
  /** The path or command that the operation was about. */
  readonly subject: string | undefined;

  constructor(stage: string, errno: number, detail: { key?: KeyPath; subject?: string } = {}) {
    super(`${stage}: errno ${errno}`);
    this.stage = stage;
    this.errno = errno;
    this.key = detail.key;
    this.subject = detail.subject;
  }
}

/** A path of the policy leads through a symbolic link that an earlier run under the policy may have made. */
export class LinkError extends LaunchError {
  override readonly name: string = "LinkError";
  readonly link: string;
  /** What the policy lets its runs change, and the link is beneath of. */
  readonly folder: string;

  constructor(stage: string, detail: { key: KeyPath; subject: string; link: string; folder: string }) {
    super(stage, ELOOP, detail);
    this.link = detail.link;
    this.folder = detail.folder;
    this.message = linkText(detail.link, detail.folder);
  }
}

/** Base imports nothing: errno(3). */
const ELOOP = 40;

/** What is wrong with a link. */
export function linkText(link: string, folder: string): string {
  return `${JSON.stringify(link)} is a symbolic link, which an earlier run may have made: the policy lets its runs change ${JSON.stringify(folder)}`;
}
