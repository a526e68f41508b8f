/**
 * The register: a socket beside the daemon's own, at which runs that need nothing of the daemon enter themselves by one
 * datagram and go on at once (docs/daemon.md). They have the plan from the user's own store, and there is nothing that
 * the daemon could say: its name is one that only this build under this user's key looks for, and it is there only as
 * long as every such run would be taken.
 */

import { timingSafeEqual } from "node:crypto";
import { EPOLLIN_ONCE, type Epoll } from "../native/epoll.ts";
import { type Datagram, receiveDatagram, type Sender, shutReading } from "../native/socket.ts";
import { startState } from "../native/start.ts";
import { syscall } from "../native/syscall.ts";
import { type Bound, bindBeside } from "./address.ts";
import { decodeFrame } from "./frame.ts";
import { ownSecret } from "./proof.ts";
import { type Entry, readEntry } from "./request.ts";

const PLACE_DIGITS = 16;
/**
 * How long entries wait to be read, in milliseconds: the run that has just been entered starts meanwhile, and shall not
 * have to share its CPU with a daemon that only counts it; and most runs that are this short are over by then.
 */
const PAUSE_MS = 3;
/** Datagrams that one turn takes: whoever sends without end has no more of the daemon than that. */
const TURN_MAX = 32;

/** HMAC-SHA-256 by the user's key; csrc/front/store.c makes the same from the same. */
function hmac(secret: Uint8Array, label: string, bytes: Uint8Array): Uint8Array {
  return new Bun.CryptoHasher("sha256", secret).update(`${label}\0`).update(bytes).digest();
}

/** What the register's name has behind the socket's and a dot. */
export function registerPlace(secret: Uint8Array, build: Uint8Array): string {
  return Buffer.from(hmac(secret, "landlockd place", build))
    .toString("hex")
    .slice(0, PLACE_DIGITS);
}

/** Proves that whoever makes an entry for this plan can read the user's key, which no workload should. */
export function entryMac(secret: Uint8Array, key: Uint8Array): Uint8Array {
  return hmac(secret, "landlockd entry", key);
}

export interface RegisterOptions {
  /** The daemon's own socket. */
  readonly socket: string;
  readonly epoll: Epoll;
  readonly uid: number;
  /** Takes an entry, and with it the sender's pidfd. */
  readonly onEntry: (entry: Entry, sender: Sender) => void;
  readonly onForged: (sender: Sender | undefined) => void;
}

export class Register {
  readonly #options: RegisterOptions;
  #bound: Bound | undefined;
  #closing = -1;
  /** When entries are read that have come, in ms of performance.now(). */
  #due = Number.POSITIVE_INFINITY;
  #taken = 0;
  #impossible = false;

  constructor(options: RegisterOptions) {
    this.#options = options;
  }

  /** Opens it where that can be done; without one, clients ask. */
  open(): void {
    if (this.#bound !== undefined || this.#closing >= 0 || this.#impossible) return;
    const { build } = startState();
    const secret = build === undefined ? undefined : ownSecret();
    if (build !== undefined && secret !== undefined) {
      this.#bound = bindBeside(this.#options.socket, registerPlace(secret, build), PLACE_DIGITS);
    }
    this.#impossible = this.#bound === undefined;
    if (this.#bound !== undefined) {
      const { fd } = this.#bound;
      this.#options.epoll.add(fd, () => this.#pause(), EPOLLIN_ONCE);
    }
  }

  /** When `tick` is to be called, in ms of performance.now(). */
  get due(): number {
    return this.#due;
  }

  #pause(): void {
    this.#due = performance.now() + PAUSE_MS;
  }

  /** Takes what has been entered, if it is time for it. Where one run comes after the other, none of them wakes us. */
  tick(): void {
    if (performance.now() < this.#due) return;
    const before = this.#taken;
    this.drain();
    if (this.#bound === undefined) return;
    if (this.#taken > before) {
      this.#pause();
    } else {
      this.#due = Number.POSITIVE_INFINITY;
      this.#options.epoll.rearm(this.#bound.fd);
    }
  }

  /** Takes what has been entered so far. */
  drain(): void {
    if (this.#bound !== undefined) this.#drain(this.#bound.fd);
  }

  #drain(fd: number): void {
    // Taking an entry may close the register: what is left in it is taken there, and there nothing is added any more.
    for (let turn = 0; fd === this.#closing || (fd === this.#bound?.fd && turn < TURN_MAX); turn++) {
      const datagram = receiveDatagram(fd, false);
      if (typeof datagram === "string") return;
      this.#taken += 1;
      this.#onDatagram(datagram);
    }
  }

  /** Whoever was told that his entry went out has been entered; everybody else finds none, and asks. */
  close(): void {
    const bound = this.#bound;
    if (bound === undefined) return;
    this.#bound = undefined;
    this.#due = Number.POSITIVE_INFINITY;
    this.#closing = bound.fd;
    this.#options.epoll.remove(bound.fd);
    bound.remove();
    shutReading(bound.fd);
    this.#drain(bound.fd);
    this.#closing = -1;
    syscall("close", bound.fd);
  }

  #onDatagram({ bytes, truncated, sender, fds }: Datagram): void {
    const frame = truncated ? "cut off" : decodeFrame(bytes);
    const entry = typeof frame === "string" ? undefined : readEntry(frame);
    const secret = ownSecret();
    for (const fd of fds) syscall("close", fd);
    if (
      entry !== undefined &&
      secret !== undefined &&
      sender !== undefined &&
      sender.uid === this.#options.uid &&
      timingSafeEqual(entryMac(secret, entry.key), entry.mac)
    ) {
      this.#options.onEntry(entry, sender);
      return;
    }
    this.#options.onForged(sender);
    if (sender !== undefined && sender.pidFd >= 0) syscall("close", sender.pidFd);
  }
}
