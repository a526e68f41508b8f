/**
 * The fds of filesystems and trees that were handed out. One that comes back is recognised by its open file
 * description (kcmp(2)): its number says nothing, it may have been closed, duplicated, sent away or used again.
 */

import { KCMP_FILE } from "../kernel/mount.ts";
import { numberOf, syscall, syscallByNumber } from "../native/syscall.ts";
import { close } from "./files.ts";
import type { DeclaredObject } from "./mount-table.ts";

export interface Lease {
  /** Owned; the same open file description as the workload's. */
  readonly fd: number;
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
const LEASES_MAX = 256;
const self = process.pid;
const kcmp = numberOf("kcmp");

export class Leases {
  #leases: Lease[] = [];

  add(lease: Lease): void {
    this.#leases.push(lease);
    if (this.#leases.length > LEASES_MAX) close(this.#leases.shift()?.fd ?? -1);
  }

  /** What a thread's fd is, if it was handed out. */
  find(tid: number, fd: number): Lease | undefined {
    if (fd < 0) return undefined;
    return this.#leases.find((lease) => syscallByNumber(kcmp, self, tid, KCMP_FILE, lease.fd, fd) === 0);
  }

  /** Forgets the trees of a mount: an fd on it would keep it busy. */
  forget(mountId: number): void {
    this.#leases = this.#leases.filter((lease) => {
      if (lease.what !== "tree" || lease.mountId !== mountId) return true;
      close(lease.fd);
      return false;
    });
  }

  close(): void {
    for (const { fd } of this.#leases) syscall("close", fd);
    this.#leases = [];
  }
}
