/** Ending a run that nobody stays for: its process, and what descends from it. */

import { readdirSync } from "node:fs";
import { readText } from "../native/file.ts";
import { pidOf } from "../native/pidfd.ts";
import { syscall } from "../native/syscall.ts";

const SIGKILL = 9;
const SIGSTOP = 19;
/** Most looks at a tree that goes on growing. */
const ROUNDS_MAX = 64;

/** Children of every thread, as the kernel lists them; none where the process is gone (or CONFIG_PROC_CHILDREN is off). */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((tid) =>
      (readText(`/proc/${pid}/task/${tid}/children`) ?? "").split(" ").flatMap((word) => (word === "" ? [] : [+word])),
    );
  } catch {
    return [];
  }
}

/** Stops the children of a process that aren't in `found` yet, and puts them there; how many those are. */
function stopChildren(pid: number, found: Map<number, number>): number {
  const opened = new Map<number, number>();
  for (const child of childrenOf(pid)) if (!found.has(child)) opened.set(child, syscall("pidfd_open", child, 0));
  // Asked again: by the pidfd it can't be another process's number any more.
  const still = new Set(opened.size > 0 ? childrenOf(pid) : []);
  let count = 0;
  for (const [child, fd] of opened) {
    if (fd < 0) continue;
    if (still.has(child) && syscall("pidfd_send_signal", fd, SIGSTOP, 0, 0) === 0) {
      found.set(child, fd);
      count += 1;
    } else syscall("close", fd);
  }
  return count;
}

/**
 * Kills the process of a borrowed pidfd and its descendants, stopped before that so that none leaves children behind.
 * Not found: what was cut loose from the tree before, its own parent having ended.
 */
export function killTree(pidFd: number): void {
  const root = pidOf(pidFd);
  const found = new Map<number, number>();
  if (root > 0 && syscall("pidfd_send_signal", pidFd, SIGSTOP, 0, 0) === 0) {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      let count = 0;
      for (const pid of [root, ...found.keys()]) count += stopChildren(pid, found);
      if (count === 0) break;
    }
  }
  syscall("pidfd_send_signal", pidFd, SIGKILL, 0, 0);
  for (const fd of found.values()) {
    syscall("pidfd_send_signal", fd, SIGKILL, 0, 0);
    syscall("close", fd);
  }
}
