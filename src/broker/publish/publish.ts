/**
 * Publishing: a rename or link from scratch into export. What is published is first taken out of the workload's reach,
 * into the staging folder (moved there on the same filesystem, copied from another), judged there, and then gets its
 * name by one rename: whoever reads export sees all of it or nothing. What the workload could go on writing, by an fd or
 * another name in scratch, is copied there too: what was published stays as it is.
 */

import { EBUSY, EEXIST, EINVAL, EIO, EPERM, ETXTBSY, EXDEV } from "../../kernel/errno.ts";
import { RENAME_NOREPLACE } from "../../kernel/file.ts";
import { close, linkAt, pathOfFd, renameAt } from "../files.ts";
import type { Parent } from "../locate.ts";
import type { Folder } from "../roots.ts";
import { Pace, type Steps } from "../steps.ts";
import { copyTree, Originals, removeOriginals } from "./copy.ts";
import { isReserved, Staging } from "./staging.ts";
import { judge, removeTree } from "./tree.ts";

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
  /** Undefined while one is being made. */
  readonly #stagings = new Map<Folder, Staging | undefined>();
  readonly #going: Going = { publications: new Set(), removals: 0 };

  *#stagingOf(folder: Folder): Steps<Staging | number> {
    while (this.#stagings.has(folder)) {
      const known = this.#stagings.get(folder);
      if (known !== undefined) return known;
      yield undefined;
    }
    this.#stagings.set(folder, undefined);
    let made: Staging | number = -EIO;
    try {
      made = yield* Staging.make(folder);
      return made;
    } finally {
      if (typeof made === "number") this.#stagings.delete(folder);
      else this.#stagings.set(folder, made);
    }
  }

  /**
   * Publishes; 0 or -errno. Closes the publication's fds in the end. `settled` is told when it has its name: from then on
   * it is published, whatever becomes of its caller, and what is left in scratch is still to be removed.
   */
  *publish(publication: Publication, settled: () => void = () => undefined): Steps {
    const { from, to, folder, flags } = publication;
    this.#going.publications.add(publication);
    try {
      if ((flags & ~RENAME_NOREPLACE) !== 0) return -EINVAL;
      if (isReserved(placeIn(publication))) return -EPERM;
      const staging = yield* this.#stagingOf(folder);
      if (typeof staging === "number") return staging;
      return yield* publishThrough(publication, staging, this.#going, settled);
    } finally {
      this.#going.publications.delete(publication);
      close(from.fd);
      close(to.fd);
    }
  }

  close(): void {
    for (const staging of this.#stagings.values()) staging?.close();
    this.#stagings.clear();
  }
}

/** Where it is to be, from the export folder on. */
function placeIn({ to, folder }: Publication): string {
  const path = pathOfFd(to.fd) ?? "";
  return `${path.startsWith(folder.path) ? path.slice(folder.path.length) : path}/${to.name}`;
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

function* removeSource({ from }: Publication, { originals }: Staged, pace: Pace, going: Going): Steps<void> {
  going.removals += 1;
  try {
    yield* removeOriginals(from.fd, bare(from.name), { originals, pace, depth: 0 });
  } finally {
    going.removals -= 1;
  }
}

/** What of a publication is in the staging folder. */
interface Staged {
  /** What was moved or linked there, if it was. */
  readonly name: string;
  moved: boolean;
  /** The copy that was made there, if any. */
  copy: string | undefined;
  /** What that was made from. */
  readonly originals: Originals;
}

/** Takes what is to be published out of reach, and judges it. 0, or -errno. */
function* prepare(publication: Publication, staging: Staging, staged: Staged, going: Going, pace: Pace): Steps {
  const { from, link } = publication;
  let ready = link
    ? linkAt(from.fd, from.name, staging.fd, staged.name, 0)
    : yield* stage(publication, staging, staged.name, going);
  staged.moved = ready === 0 || ready === -EBUSY;
  if (ready === -EXDEV) ready = yield* copyInto(staging, staged, from.fd, bare(from.name), pace);
  else if (ready === 0) ready = yield* judge(staging.fd, staged.name, false, pace);
  return ready === -ETXTBSY ? yield* copyInto(staging, staged, staging.fd, staged.name, pace) : ready;
}

function* copyInto(staging: Staging, staged: Staged, fromFd: number, name: string, pace: Pace): Steps {
  staged.copy = staging.nextName();
  const copied = yield* copyTree(fromFd, name, staging.fd, staged.copy, {
    originals: staged.originals,
    pace,
    depth: 0,
  });
  return copied === 0 ? yield* judge(staging.fd, staged.copy, true, pace) : copied;
}

function* publishThrough(publication: Publication, staging: Staging, going: Going, settled: () => void): Steps {
  const { to, flags, link } = publication;
  const pace = new Pace();
  const staged: Staged = {
    name: link ? staging.nextName() : staging.nextMoved(),
    moved: false,
    copy: undefined,
    originals: new Originals(),
  };
  let published = false;
  try {
    const ready = yield* prepare(publication, staging, staged, going, pace);
    if (ready !== 0) return ready;
    const named = staged.copy ?? staged.name;
    const renamed = renameAt(staging.fd, named, to.fd, to.name, link ? RENAME_NOREPLACE : flags);
    published = renamed === 0;
    if (!published) return renamed;
    settled();
    if (staged.copy !== undefined && staged.moved) yield* removeTree(staging.fd, staged.name, pace);
    if (!link && !staged.moved) yield* removeSource(publication, staged, pace, going);
    return 0;
  } finally {
    if (!published) yield* undo(publication, staging, staged, pace);
  }
}

/** Puts what was moved where it was; removes what was copied or linked. */
function* undo({ from, link }: Publication, staging: Staging, staged: Staged, pace: Pace): Steps<void> {
  if (staged.copy !== undefined) yield* removeTree(staging.fd, staged.copy, pace);
  if (!staged.moved) return;
  if (link) {
    yield* removeTree(staging.fd, staged.name, pace);
    return;
  }
  const name = bare(from.name);
  const back = renameAt(staging.fd, staged.name, from.fd, name, RENAME_NOREPLACE);
  // Somebody has taken the name meanwhile: what was to be published isn't thrown away.
  if (back === -EEXIST) renameAt(staging.fd, staged.name, from.fd, `${name}.unpublished`, RENAME_NOREPLACE);
}
