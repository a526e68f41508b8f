/** Paths followed as the kernel does (path_resolution(7)), up to where a run may have made links. Pure. */

import type { PathIndex } from "../policy/tree.ts";

/** The links of a filesystem. */
export interface LinkView {
  /** Whether a path, as far as it is there, has no symbolic link in it. */
  isPlain(path: string): boolean;
  /** What a symbolic link says; undefined where there is something else, or nothing. */
  readLink(path: string): string | undefined;
  /** Whether this user may change names in a folder. */
  mayRename(folder: string): boolean;
}

/** How a path is opened. */
export interface Way {
  /** The path, or where its links lead, if they lead to where a run may have made others. */
  readonly text: string;
  /** As c of the op: so many bytes may lead through links; 0 for all. */
  readonly trusted: number;
  /** Whether the same holds as long as no folder's owner or links outside of the run's reach change. */
  readonly lasting: boolean;
}

export interface Walked {
  readonly real: string;
  readonly way: Way;
}

/** A link where none is followed. */
export class Planted extends Error {
  readonly link: string;
  /** What a run may change, and the link is beneath of. */
  readonly folder: string;

  constructor(link: string, folder: string) {
    super(`${link} is a symbolic link`);
    this.link = link;
    this.folder = folder;
  }
}

interface Part {
  readonly name: string;
  /** Bytes of the path in front of it; -1 for a part that a link brought. */
  readonly before: number;
}

/** Links to objects rather than to names: what they say is where the object was (proc(5)). */
const MAGIC = /^\/proc\/(?:\d+|self|thread-self)(?:\/task\/\d+)?\/(?:fd\/\d+|cwd|exe|root)$/;
/** As many as the kernel follows (MAXSYMLINKS, linux/namei.h). */
const LINKS_MAX = 40;

function partsOf(path: string, from: number): Part[] {
  const parts: Part[] = [];
  let at = from;
  while (at < path.length) {
    const next = path.indexOf("/", at + 1);
    const end = next < 0 ? path.length : next;
    parts.push({ name: path.slice(at + 1, end), before: Math.max(1, Buffer.byteLength(path.slice(0, at))) });
    at = end;
  }
  return parts;
}

class Walk {
  readonly #path: string;
  readonly #view: LinkView;
  readonly #folders: PathIndex | undefined;
  readonly #root: string;
  readonly #parts: Part[];
  /** The real path so far; "" for "/". */
  #at: string;
  #links = 0;
  #lasting = true;
  #way: Way | undefined;

  constructor(path: string, view: LinkView, folders: PathIndex | undefined, root: string, from: number) {
    this.#path = path;
    this.#view = view;
    this.#folders = folders;
    this.#root = root;
    this.#at = root;
    this.#parts = partsOf(path, from);
  }

  run(): Walked {
    for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
      if (this.#way === undefined) this.#enter(part);
      if (part.name === "..") {
        if (this.#at !== this.#root) this.#at = this.#at.slice(0, this.#at.lastIndexOf("/"));
      } else if (part.name !== "" && part.name !== ".") {
        this.#step(`${this.#at}/${part.name}`);
      }
    }
    const way = this.#way ?? { text: this.#path, trusted: 0, lasting: true };
    return { real: this.#at === "" ? "/" : this.#at, way: { ...way, lasting: way.lasting && this.#lasting } };
  }

  /** Whether from here on, in front of `next`, a run may have made links. */
  #enter(next: Part): void {
    const folder = this.#at === "" ? "/" : this.#at;
    if (this.#folders?.over(folder) === undefined) return;
    if (!this.#view.mayRename(folder)) this.#lasting = false;
    else if (next.before >= 0) this.#way = { text: this.#path, trusted: next.before, lasting: true };
    else this.#way = this.#closed(next);
  }

  /** Behind this folder every name is itself: so ".." takes one away. Where that leads out of it, all of the path is closed. */
  #closed(next: Part): Way {
    const names = this.#at.split("/").slice(1);
    const inside = names.length;
    let least = inside;
    for (const { name } of [next, ...this.#parts]) {
      if (name === "..") names.pop();
      else if (name !== "" && name !== ".") names.push(name);
      least = Math.min(least, names.length);
    }
    const trusted = least < inside ? 1 : Math.max(1, Buffer.byteLength(this.#at));
    return { text: `/${names.join("/")}`, trusted, lasting: false };
  }

  #step(full: string): void {
    const target = this.#links < LINKS_MAX && !MAGIC.test(full) ? this.#view.readLink(full) : undefined;
    if (target === undefined) {
      this.#at = full;
      return;
    }
    if (this.#way !== undefined) throw new Planted(full, this.#folders?.over(full) ?? "/");
    this.#links++;
    if (target.startsWith("/")) this.#at = this.#root;
    this.#parts.unshift(...target.split("/").map((name) => ({ name, before: -1 })));
  }
}

/**
 * Follows a path from the folder `root`, which it can't leave and which its first `from` characters name; "" and 0 for
 * the host's own root. Beneath `folders`, which a run may change, nothing is followed.
 * @throws Planted for a link there
 */
export function walk(path: string, view: LinkView, folders?: PathIndex, root = "", from = 0): Walked {
  return new Walk(path, view, folders, root, from).run();
}
