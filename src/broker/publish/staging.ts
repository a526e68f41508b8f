/**
 * A folder of landlockd's own at the top of an export folder, for what isn't fit to be seen yet: hidden, for its owner
 * only, locked while its run lives. What a killed run left is told by its lock being free, and removed; but not what it
 * had moved there, of which there is no other copy.
 */

import { EAGAIN } from "../../kernel/errno.ts";
import { AT_REMOVEDIR, O_RDONLY } from "../../kernel/file.ts";
import { namesIn } from "../../native/file.ts";
import { syscall } from "../../native/syscall.ts";
import { close, mkdirAt, O_DIRECTORY, O_NOFOLLOW, openAt, setUmask, statFd, unlinkAt } from "../files.ts";
import { RESOLVE_INSIDE } from "../locate.ts";
import type { Folder } from "../roots.ts";
import { Pace, runNow, type Steps } from "../steps.ts";
import { removeTree } from "./tree.ts";

const LOCK_EX_NB = 2 | 4;
/** `.landlockd-` and 16 hexadecimal digits. */
const NAME = /^\.landlockd-[0-9a-f]{16}$/;
/** What begins the name of what was moved here. */
const MOVED = "moved-";
/** How often another run may sweep a new one away before its lock is taken. */
const ATTEMPTS_MAX = 8;

/** Whether a name is one that only landlockd may give, or leads beneath one. `path` is relative to the export folder. */
export function isReserved(path: string): boolean {
  return path.split("/").some((name) => NAME.test(name));
}

export class Staging {
  readonly #folder: Folder;
  readonly #name: string;
  /** Of the staging folder: open, locked. */
  readonly fd: number;
  #next = 0;

  private constructor(folder: Folder, name: string, fd: number) {
    this.#folder = folder;
    this.#name = name;
    this.fd = fd;
  }

  /** Makes one, and removes what dead runs left; -errno. */
  static *make(folder: Folder): Steps<Staging | number> {
    yield* sweep(folder);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const name = `.landlockd-${Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex")}`;
      setUmask(0o077);
      const made = mkdirAt(folder.fd, name, 0o700);
      if (made < 0) return made;
      const fd = lock(folder, name);
      // Another run's sweep may have been faster: then it is gone, or will be.
      if (fd >= 0 && statFd(fd)?.nlink !== 0) return new Staging(folder, name, fd);
      close(fd);
    }
    return -EAGAIN;
  }

  /** A name in it that nothing has, for a copy or a link. */
  nextName(): string {
    this.#next += 1;
    return String(this.#next);
  }

  /** The same for what is moved here: if we are killed it is left. */
  nextMoved(): string {
    return MOVED + this.nextName();
  }

  close(): void {
    close(this.fd);
    runNow(removeLeft(this.#folder, this.#name, new Pace()));
  }
}

/** A staging folder, if nobody's run has it: open and locked, or -errno. */
function lock(folder: Folder, name: string): number {
  const fd = openAt(folder.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_INSIDE);
  const locked = fd < 0 ? fd : syscall("flock", fd, LOCK_EX_NB);
  if (locked >= 0 || fd < 0) return fd;
  close(fd);
  return locked;
}

/** Removes a staging folder, and what is in it but for what was moved there. */
function* removeLeft(folder: Folder, name: string, pace: Pace): Steps<void> {
  const fd = openAt(folder.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_INSIDE);
  if (fd < 0) return;
  try {
    for (const each of namesIn(fd) ?? []) if (!each.startsWith(MOVED)) yield* removeTree(fd, each, pace);
  } finally {
    close(fd);
  }
  unlinkAt(folder.fd, name, AT_REMOVEDIR);
}

function* sweep(folder: Folder): Steps<void> {
  const top = openAt(folder.fd, ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_INSIDE);
  const names = top < 0 ? [] : (namesIn(top) ?? []);
  close(top);
  const pace = new Pace();
  for (const name of names.filter((each) => NAME.test(each))) {
    const fd = lock(folder, name);
    if (fd < 0) continue;
    try {
      yield* removeLeft(folder, name, pace);
    } finally {
      close(fd);
    }
  }
}
