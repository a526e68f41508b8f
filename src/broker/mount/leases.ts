/**
 * The fds of filesystems and trees that were handed out. One that comes back is recognised by its open file
 * description (kcmp(2)): its number says nothing, it may have been closed, duplicated, sent away or used again.
 */

import { O_RDONLY } from "../../kernel/file.ts";
import { KCMP_FILE } from "../../kernel/mount.ts";
import { sealedCopy } from "../../native/memfd.ts";
import { numberOf, syscallByNumber } from "../../native/syscall.ts";
import { close, O_DIRECTORY, openAt } from "../files.ts";
import type { DeclaredObject } from "./table.ts";

export interface Lease {
  /** Owned: the filesystem or tree itself. */
  readonly fd: number;
  /** Owned; the same open file description as the workload's fd. Of a filesystem `fd` itself. */
  readonly token: number;
  /** Where it came from: an object, or the tree of a bind source. */
  readonly origin:
    | { readonly kind: "object"; readonly object: DeclaredObject }
    | { readonly kind: "source"; readonly source: string };
  /** A filesystem that is being configured, or a tree that can be attached. */
  readonly what: "filesystem" | "tree";
  /** Of a tree. */
  readonly mountId: number;
  attributes: number;
  attached: boolean;
  /** Of a tmpfs: a size was set, and it isn't too big. */
  sized: boolean;
}

/** Most that are kept; the oldest is forgotten, and its fd good for nothing but closing. */
const LEASES_MAX = 64;
const self = process.pid;
const kcmp = numberOf("kcmp");

function end({ fd, token }: Lease): void {
  close(fd);
  if (token !== fd) close(token);
}

/**
 * What the workload gets for a tree, since a listener hands out no O_PATH fds, which trees are. For an object, which is
 * new and the workload's own, its root folder. For a bind source nothing that shows anything of it: whether the
 * workload may read there is for the rules on the target to say, so it gets an empty file that only stands for it.
 */
export function tokenFor(tree: number, isObject: boolean): number {
  const folder = isObject ? openAt(tree, ".", O_RDONLY | O_DIRECTORY, 0, 0) : -1;
  return folder >= 0 ? folder : sealedCopy("landlockd-mount", new Uint8Array());
}

export class Leases {
  #leases: Lease[] = [];

  add(lease: Lease): void {
    this.#leases.push(lease);
    const oldest = this.#leases.length > LEASES_MAX ? this.#leases.shift() : undefined;
    if (oldest !== undefined) end(oldest);
  }

  /** What a thread's fd is, if it was handed out. */
  find(tid: number, fd: number): Lease | undefined {
    if (fd < 0) return undefined;
    return this.#leases.find((lease) => syscallByNumber(kcmp, self, tid, KCMP_FILE, lease.token, fd) === 0);
  }

  /** Forgets one that is good for nothing more, and would keep what it stands for in memory. */
  drop(lease: Lease): void {
    this.#leases = this.#leases.filter((each) => each !== lease);
    end(lease);
  }

  /** Forgets the trees of a mount: an fd on it would keep it busy. */
  forget(mountId: number): void {
    this.#leases = this.#leases.filter((lease) => {
      if (lease.what !== "tree" || lease.mountId !== mountId) return true;
      end(lease);
      return false;
    });
  }

  close(): void {
    for (const lease of this.#leases) end(lease);
    this.#leases = [];
  }
}
