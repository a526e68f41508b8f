/**
 * A folder of landlockd's own at the top of an export folder, for what isn't fit to be seen yet: hidden, for its owner
 * only, locked while its run lives. What a killed run left is told by its lock being free, and removed.
 */

import { O_RDONLY } from "../../kernel/file.ts";
import { namesIn } from "../../native/file.ts";
import { syscall } from "../../native/syscall.ts";
import { close, mkdirAt, O_DIRECTORY, O_NOFOLLOW, openAt, setUmask } from "../files.ts";
import { RESOLVE_INSIDE } from "../locate.ts";
import type { Folder } from "../roots.ts";
import { Pace, runNow } from "../steps.ts";
import { removeTree } from "./tree.ts";

const LOCK_EX_NB = 2 | 4;
/** `.landlockd-` and 16 hexadecimal digits. */
const NAME = /^\.landlockd-[0-9a-f]{16}$/;

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
  static make(folder: Folder): Staging | number {
    sweep(folder);
    const name = `.landlockd-${Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex")}`;
    setUmask(0o077);
    const made = mkdirAt(folder.fd, name, 0o700);
    if (made < 0) return made;
    const fd = openAt(folder.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_INSIDE);
    if (fd < 0) return fd;
    syscall("flock", fd, LOCK_EX_NB);
    return new Staging(folder, name, fd);
  }

  /** A name in it that nothing has. */
  nextName(): string {
    this.#next += 1;
    return String(this.#next);
  }

  close(): void {
    close(this.fd);
    runNow(removeTree(this.#folder.fd, this.#name, new Pace()));
  }
}

function sweep(folder: Folder): void {
  const top = openAt(folder.fd, ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_INSIDE);
  const names = top < 0 ? [] : (namesIn(top) ?? []);
  close(top);
  for (const name of names.filter((each) => NAME.test(each))) {
    const fd = openAt(folder.fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_INSIDE);
    if (fd < 0) continue;
    const dead = syscall("flock", fd, LOCK_EX_NB) === 0;
    if (dead) runNow(removeTree(folder.fd, name, new Pace()));
    close(fd);
  }
}
