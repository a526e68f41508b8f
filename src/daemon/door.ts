/** Where connections come in: who is let in, and who makes way when there is no room. */

import { openSync } from "node:fs";
import { EMFILE, ENFILE } from "../kernel/errno.ts";
import { acceptFrom, peerOf, type Sender } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Client } from "./office.ts";
import { refusalOf, type Standing, standingOfSender } from "./peer.ts";

/** Most connections that have said nothing: the oldest makes way. */
const SILENT_MAX = 256;
const SILENT_FEW = 32;
const ACCEPTS_PER_TURN = 64;

export interface DoorOptions {
  /** Listening, non-blocking; borrowed. */
  readonly listenFd: number;
  /** Whose daemon this is. */
  readonly uid: number;
  readonly ambient: Standing;
  readonly deadlines: Deadlines;
  /** Whether there are fds for one more. */
  readonly hasRoom: () => boolean;
  /** Takes over an accepted socket. */
  readonly welcome: (fd: number) => void;
  readonly close: (client: Client) => void;
  readonly denied: (uid: number, pid: number) => void;
}

export class Door {
  readonly #options: DoorOptions;
  #spareFd = openSync("/dev/null", "r");

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Lets in who waits. */
  accept(): void {
    for (let turn = 0; turn < ACCEPTS_PER_TURN; turn++) {
      const fd = acceptFrom(this.#options.listenFd);
      if (fd === -EMFILE || fd === -ENFILE) {
        this.#shed();
        return;
      }
      if (fd < 0) return;
      if (!this.#options.hasRoom() && !this.#closeOldest()) {
        syscall("close", fd);
        continue;
      }
      const peer = peerOf(fd);
      if (peer !== undefined && this.#mayConnect(peer)) {
        if (this.#options.deadlines.silent >= SILENT_MAX) this.#closeOldest();
        this.#options.welcome(fd);
        continue;
      }
      this.#options.denied(peer?.uid ?? -1, peer?.pid ?? 0);
      syscall("close", fd);
    }
  }

  /** Who asks is judged when he asks; but where many say nothing, a sandboxed process shall not take the places. */
  #mayConnect({ pid, uid }: { readonly pid: number; readonly uid: number }): boolean {
    const { uid: own, ambient, deadlines } = this.#options;
    if (uid !== own && uid !== 0) return false;
    if (deadlines.silent < SILENT_FEW) return true;
    const sender: Sender = { pid, uid, gid: -1, pidFd: -1 };
    return refusalOf(sender, standingOfSender(sender), { uid: own, allowRoot: true, ambient }) === undefined;
  }

  #closeOldest(): boolean {
    const { oldest } = this.#options.deadlines;
    if (oldest !== undefined) this.#options.close(oldest);
    return oldest !== undefined;
  }

  /** Out of fds: whoever says nothing makes way; where nobody does, the one that waits is let in and out again. */
  #shed(): void {
    if (this.#closeOldest()) return;
    syscall("close", this.#spareFd);
    const fd = acceptFrom(this.#options.listenFd);
    if (fd >= 0) syscall("close", fd);
    this.#spareFd = openSync("/dev/null", "r");
  }
}
