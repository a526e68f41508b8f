/**
 * Runs that nobody stays for: the process that asked has become the workload. All that a daemon has of one is its
 * pidfd, which tells when it has ended and, from Linux 6.15 on, how.
 */

import { EPOLLIN_EDGE, type Epoll } from "../native/epoll.ts";
import { processState } from "../native/pidfd.ts";
import type { Sender } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import { killTree } from "./kill.ts";
import { type RunEnd, runEndOf } from "./statistics.ts";

export interface UnsupervisedEvents {
  /** A run ended. */
  left(): void;
  /** How it did is known, or can't be any more; its pidfd is closed. */
  told(how: RunEnd): void;
}

export class Unsupervised {
  readonly #epoll: Epoll;
  readonly #events: UnsupervisedEvents;
  /** pidfd → whether its process has ended; it is kept until the parent has asked for the status, which is told then. */
  readonly #runs = new Map<number, boolean>();
  #ended = 0;

  constructor(epoll: Epoll, events: UnsupervisedEvents) {
    this.#epoll = epoll;
    this.#events = events;
  }

  get running(): number {
    return this.#runs.size - this.#ended;
  }

  get fds(): number {
    return this.#runs.size;
  }

  /** Takes over the sender's pidfd. */
  add({ pidFd, pid }: Sender): void {
    // Before Linux 6.5 none comes along; before 6.16 none of a process that is gone.
    const fd = pidFd >= 0 ? pidFd : syscall("pidfd_open", pid, 0);
    if (fd < 0) {
      this.#events.left();
      this.#events.told("unknown");
      return;
    }
    this.#runs.set(fd, false);
    this.#look(fd);
    if (this.#runs.has(fd)) this.#epoll.add(fd, () => this.#look(fd), EPOLLIN_EDGE);
  }

  /** Looks after all of them: what has ended by now counts as ended. */
  settle(): void {
    for (const fd of [...this.#runs.keys()]) this.#look(fd);
  }

  /** Ends them all. */
  kill(): void {
    for (const [fd, ended] of this.#runs) if (!ended) killTree(fd);
  }

  #look(fd: number): void {
    const state = processState(fd);
    if (state === "running") return;
    if (this.#runs.get(fd) === false) {
      this.#runs.set(fd, true);
      this.#ended += 1;
      this.#events.left();
    }
    if (state === "zombie") return;
    this.#ended -= 1;
    this.#runs.delete(fd);
    this.#epoll.remove(fd);
    syscall("close", fd);
    this.#events.told(state === "gone" ? "unknown" : runEndOf({ status: state }));
  }
}
