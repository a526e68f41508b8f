/** epoll(7), as small as a supervisor needs it. */

import { O_CLOEXEC } from "../kernel/file.ts";
import { allocate } from "./memory.ts";
import type { Sieve } from "./sieve.ts";
import { ARCH, numberOf, syscall, syscallByNumber } from "./syscall.ts";

export const EPOLLIN = 1;
export const EPOLLHUP = 0x10;
/** Of a mountinfo file: that the mounts changed. */
const EPOLLPRI = 2;
/** Input that is new: told once. */
export const EPOLLIN_EDGE = 0x8000_0001;
/** Input: told once, and again only after `rearm`. */
export const EPOLLIN_ONCE = 0x4000_0001;

/** struct epoll_event is packed on x86_64 only. */
const EVENT_SIZE = ARCH === "x86_64" ? 12 : 16;
const DATA_AT = ARCH === "x86_64" ? 4 : 8;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const MAX_EVENTS = 64;

/** Where fds are watched, of a broker's say. All are borrowed. */
export interface Watch {
  /** Watches an fd for input, or other events of epoll_ctl(2); `handler` gets the event bits. */
  add(fd: number, handler: (events: number) => void, events?: number): void;
  /** Watches a listener; with EPOLLIN there is a request for `handler` to receive, if it wasn't passed on. */
  addSieve(sieve: Sieve, handler: (events: number) => void): void;
  /** Watches a mountinfo file for changes, which are told before a request that comes after them. */
  addMounts(fd: number, handler: () => void): void;
  /** Stops watching an fd, before its owner closes it. */
  remove(fd: number): void;
}

/** Calls a handler for each fd that is ready. */
export class Epoll implements Watch {
  readonly #fd: number;
  readonly #events = allocate(EVENT_SIZE * MAX_EVENTS);
  readonly #epollPwait = numberOf("epoll_pwait");
  readonly #handlers = new Map<number, (events: number) => void>();

  /** Told what the handler of an fd threw; without it `wait` throws. */
  onError: ((fd: number, error: unknown) => void) | undefined;

  constructor() {
    this.#fd = syscall("epoll_create1", O_CLOEXEC);
    if (this.#fd < 0) throw new Error(`epoll_create1: errno ${-this.#fd}`);
  }

  /** Readable when a handler is to be called. */
  get fd(): number {
    return this.#fd;
  }

  add(fd: number, handler: (events: number) => void, events: number = EPOLLIN): void {
    this.#control(EPOLL_CTL_ADD, fd, events);
    this.#handlers.set(fd, handler);
  }

  /** Watches an fd again that was added with EPOLLIN_ONCE. */
  rearm(fd: number): void {
    this.#control(EPOLL_CTL_MOD, fd, EPOLLIN_ONCE);
  }

  #control(operation: number, fd: number, events: number): void {
    const event = new DataView(new ArrayBuffer(EVENT_SIZE));
    event.setUint32(0, events, true);
    event.setInt32(DATA_AT, fd, true);
    const result = syscall("epoll_ctl", this.#fd, operation, fd, new Uint8Array(event.buffer));
    if (result < 0) throw new Error(`epoll_ctl: errno ${-result}`);
  }

  addMounts(fd: number, handler: () => void): void {
    this.add(fd, handler, EPOLLPRI);
  }

  addSieve(sieve: Sieve, handler: (events: number) => void): void {
    this.add(sieve.fd, handler);
  }

  remove(fd: number): void {
    this.#handlers.delete(fd);
    syscall("epoll_ctl", this.#fd, EPOLL_CTL_DEL, fd, 0);
  }

  /** Waits (-1: without end) and calls the handlers. False when the time ran out; a signal counts as an event. */
  wait(timeoutMs: number): boolean {
    const { view, address } = this.#events;
    const count = syscallByNumber(this.#epollPwait, this.#fd, address, MAX_EVENTS, timeoutMs, 0, 8);
    for (let index = 0; index < count; index++) {
      const at = index * EVENT_SIZE;
      this.#call(view.getInt32(at + DATA_AT, true), view.getUint32(at, true));
    }
    return count !== 0;
  }

  #call(fd: number, events: number): void {
    try {
      this.#handlers.get(fd)?.(events);
    } catch (error) {
      if (this.onError === undefined) throw error;
      this.onError(fd, error);
    }
  }

  close(): void {
    syscall("close", this.#fd);
  }
}
