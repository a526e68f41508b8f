/**
 * Publishing: a rename or link from scratch into export. What is published is first taken out of the workload's reach,
 * into the staging folder (moved there on the same filesystem, copied from another), judged there, and then gets its
 * name by one rename: whoever reads export sees all of it or nothing. What the workload could go on writing, by an fd or
 * another name in scratch, is copied there too: what was published stays as it is.
 */

import { EBUSY, EEXIST, EINVAL, ETXTBSY, EXDEV } from "../../kernel/errno.ts";
import { RENAME_NOREPLACE } from "../../kernel/file.ts";
import { close, linkAt, pathOfFd, renameAt } from "../files.ts";
import type { Parent } from "../locate.ts";
import type { Folder } from "../roots.ts";
import { Pace, runNow, type Steps } from "../steps.ts";
import { Staging } from "./staging.ts";
import { copyTree, judge, removeTree } from "./tree.ts";

/** What is to be published where. The fds are owned. */
export interface Publication {
  readonly from: Parent;
  readonly to: Parent;
  /** The export folder that `to` is beneath. */
  readonly folder: Folder;
  /** Of renameat2(2). */
  readonly flags: number;
  /** The name in scratch stays. */
  readonly link: boolean;
  /** Helpers may still be at work in it, for others: it is copied, never moved. */
  readonly shared: boolean;
}

/**
 * What is being published. It takes its time, and others are served meanwhile: a folder that one of them still works in,
 * to put back what it refuses or to remove what it copied, must not be published by another in between.
 */
interface Going {
  readonly publications: Set<Publication>;
  /** Those that remove from scratch what they have copied. */
  removals: number;
}

export class Publisher {
  readonly #stagings = new Map<Folder, Staging>();
  readonly #going: Going = { publications: new Set(), removals: 0 };

  #stagingOf(folder: Folder): Staging | number {
    const known = this.#stagings.get(folder);
    if (known !== undefined) return known;
    const made = Staging.make(folder);
    if (typeof made !== "number") this.#stagings.set(folder, made);
    return made;
  }

  /** Publishes; 0 or -errno. Closes the publication's fds in the end. */
  *publish(publication: Publication): Steps {
    const { from, to, folder, flags } = publication;
    this.#going.publications.add(publication);
    try {
      if ((flags & ~RENAME_NOREPLACE) !== 0) return -EINVAL;
      const staging = this.#stagingOf(folder);
      if (typeof staging === "number") return staging;
      return yield* publishThrough(publication, staging, this.#going);
    } finally {
      this.#going.publications.delete(publication);
      close(from.fd);
      close(to.fd);
    }
  }

  close(): void {
    for (const staging of this.#stagings.values()) staging.close();
    this.#stagings.clear();
  }
}

function bare(name: string): string {
  return name.replace(/\/+$/, "");
}

/** Whether a publication that isn't over comes from within what was staged. */
function isInUse(staging: Staging, staged: string, { publications }: Going): boolean {
  const folder = pathOfFd(staging.fd);
  const top = `${folder}/${staged}`;
  for (const { from } of publications) {
    const path = pathOfFd(from.fd);
    if (folder === undefined || path === undefined || path === top || path.startsWith(`${top}/`)) return true;
  }
  return false;
}

/** Takes a name out of scratch, when nobody removes anything there: it might be from within this. */
function* stage({ from, shared }: Publication, staging: Staging, staged: string, going: Going): Steps {
  if (shared) return -EXDEV;
  while (going.removals > 0) yield undefined;
  const moved = renameAt(from.fd, from.name, staging.fd, staged, RENAME_NOREPLACE);
  return moved === 0 && isInUse(staging, staged, going) ? -EBUSY : moved;
}

function* removeSource({ from }: Publication, name: string, pace: Pace, going: Going): Steps {
  going.removals += 1;
  try {
    return yield* removeTree(from.fd, name, pace);
  } finally {
    going.removals -= 1;
  }
}

function* publishThrough(publication: Publication, staging: Staging, going: Going): Steps {
  const { from, to, flags, link } = publication;
  const name = bare(from.name);
  const staged = staging.nextName();
  const pace = new Pace();
  let back: "rename" | "remove" = link ? "remove" : "rename";
  let named = staged;
  let copied = false;
  let settled = false;
  try {
    let ready = link
      ? linkAt(from.fd, from.name, staging.fd, staged, 0)
      : yield* stage(publication, staging, staged, going);
    if (ready === -EXDEV) {
      back = "remove";
      copied = true;
      ready = yield* copyTree(from.fd, name, staging.fd, staged, pace);
    }
    if (ready === 0) ready = yield* judge(staging.fd, staged, copied, pace);
    if (ready === -ETXTBSY) {
      named = staging.nextName();
      ready = yield* copyTree(staging.fd, staged, staging.fd, named, pace);
      if (ready === 0) ready = yield* judge(staging.fd, named, true, pace);
    }
    if (ready === 0) ready = renameAt(staging.fd, named, to.fd, to.name, link ? RENAME_NOREPLACE : flags);
    settled = ready === 0;
    if (settled && named !== staged) yield* removeTree(staging.fd, staged, pace);
    if (settled && !link && back === "remove") yield* removeSource(publication, name, pace, going);
    return ready;
  } finally {
    if (!settled && named !== staged) runNow(removeTree(staging.fd, named, new Pace()));
    if (!settled) undo(back, from.fd, name, staging.fd, staged);
  }
}

/** Puts what was moved where it was; removes what was copied or linked. Nothing if there is nothing. */
function undo(how: "rename" | "remove", fromFd: number, name: string, stagingFd: number, staged: string): void {
  if (how === "rename") {
    const back = renameAt(stagingFd, staged, fromFd, name, RENAME_NOREPLACE);
    // Somebody has taken the name meanwhile: what was to be published isn't thrown away.
    if (back !== -EEXIST || renameAt(stagingFd, staged, fromFd, `${name}.unpublished`, RENAME_NOREPLACE) === 0) return;
  }
  runNow(removeTree(stagingFd, staged, new Pace()));
}
