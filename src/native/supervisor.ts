/**
 * The supervisor of a run (csrc/run/supervisor.h): memory for one, or the one that the front has begun with, and its
 * steps. All that it has open is its own, but for the listener once that was told.
 */

import { EPERM } from "../kernel/errno.ts";
import { COMMANDS, EVENTS, MESSAGE, MESSAGES, PIN, SUPERVISOR } from "../plan/layout.ts";
import { getField, getField64, setFields } from "../plan/struct.ts";
import type { Failure } from "./become.ts";
import { EPOLLHUP, EPOLLIN, Epoll, type Watch } from "./epoll.ts";
import { type Address, addressOf, asAddress, memoryAt, native } from "./library.ts";
import { allocate } from "./memory.ts";
import type { Sieve } from "./sieve.ts";
import { supervisorAddress } from "./start.ts";

/** What a step ends with: EVENTS says what each means. Those of the broker's and of fds were handled by their handlers. */
export type StepEvent = "listener" | "started" | "failed" | "over" | "broken" | "turn";

/** A command for the keeper; numbers as COMMANDS describes them. */
export interface Command {
  readonly kind: keyof typeof COMMANDS;
  /** Index of the op in the plan that allows it. */
  readonly op: number;
  readonly a?: number;
  readonly b?: number | bigint;
  /** Borrowed. */
  readonly fd?: number;
}

/** What a command came to. */
export interface Done {
  /** Positive; 0 where it was done. */
  readonly errno: number;
  /** Owned by whoever gave the command; -1 where it gives none. */
  readonly fd: number;
  /** Of the mount that was made or handed out. */
  readonly mountId: number;
}

/** What an entry of the broker's lists is, pinned: a folder, or a file (-1 while there is none) and its folder. */
export interface Pin {
  readonly folderFd: number;
  readonly fileFd: number;
}

type Name = keyof (typeof SUPERVISOR)["fields"];

const NAMES = Object.fromEntries(Object.entries(EVENTS).map(([name, id]) => [id, name])) as Record<
  number,
  keyof typeof EVENTS
>;

export class Supervisor implements Watch {
  readonly #address: Address;
  readonly #view: DataView;
  readonly #epoll = new Epoll();
  readonly #command = allocate(MESSAGE.sizeBytes);
  readonly #commandFd = allocate(8);
  #sieve: Sieve | undefined;
  #onAsked: ((events: number) => void) | undefined;
  #onMounts: (() => void) | undefined;

  /** The view is what keeps the memory at its address. */
  private constructor(address: Address, view: DataView) {
    this.#address = address;
    this.#view = view;
  }

  /** One without a run. `audit`: the address of its record (audit.ts). */
  static create(audit = 0): Supervisor {
    const memory = allocate(SUPERVISOR.sizeBytes);
    const address = addressOf(memory.bytes);
    native().ll_supervisor_init(address);
    const supervisor = new Supervisor(address, memory.view);
    setFields(memory.view, SUPERVISOR, 0, { audit, driver: supervisor.#epoll.fd });
    return supervisor;
  }

  /** The one of a run that the front has started in this process; undefined where it hasn't. */
  static takeOver(): Supervisor | undefined {
    const address = supervisorAddress();
    if (address === 0) return undefined;
    const view = new DataView(memoryAt(address, 0, SUPERVISOR.sizeBytes));
    const supervisor = new Supervisor(asAddress(address), view);
    setFields(view, SUPERVISOR, 0, { driver: supervisor.#epoll.fd });
    return supervisor;
  }

  /** Catches the signals that are passed on to a workload, from now on: once in a process's life. */
  catchSignals(): void {
    const signals = native().ll_signals_open(0n);
    if (signals < 0) throw new Error(`cannot catch signals: errno ${-signals}`);
    setFields(this.#view, SUPERVISOR, 0, { signals });
  }

  /** After `takeOver` and `catchSignals`: what the front has blocked comes. */
  freeSignals(): void {
    native().ll_signals_block(getField64(this.#view, SUPERVISOR, 0, "mask_before"));
  }

  #field(name: Name): number {
    return getField(this.#view, SUPERVISOR, 0, name);
  }

  #long(name: Name): number {
    return Number(getField64(this.#view, SUPERVISOR, 0, name));
  }

  /** The workload's, as this process sees it; 0 before it runs, -1 where that can't be told. */
  get pid(): number {
    return this.#field("pid");
  }

  /** The workload's wait status; undefined while it runs. */
  get status(): number | undefined {
    const status = this.#field("status");
    return status < 0 ? undefined : status;
  }

  /** Of the run's record; 0 where there is none. */
  get audit(): number {
    return this.#long("audit");
  }

  /** The run's seccomp listener; -1 where there is none. */
  get listenerFd(): number {
    return this.#field("listener");
  }

  /** The bytes of the checked plan, until `end`. */
  get plan(): Uint8Array {
    return new Uint8Array(memoryAt(this.#long("plan"), 0, this.#long("plan_size")));
  }

  /** What the front has pinned: one for each `listed` op of the plan, in their order. */
  get pins(): readonly Pin[] {
    const count = this.#field("pin_count");
    if (count === 0) return [];
    const view = new DataView(memoryAt(this.#long("pins"), 0, count * PIN.sizeBytes));
    return Array.from({ length: count }, (_, index) => ({
      folderFd: getField(view, PIN, index * PIN.sizeBytes, "folder"),
      fileFd: getField(view, PIN, index * PIN.sizeBytes, "file"),
    }));
  }

  /** The request that the front has received and not answered: a struct seccomp_notif of this size. */
  frontRequest(sizeBytes: number): Uint8Array {
    return new Uint8Array(memoryAt(this.#long("sieve"), 0, sizeBytes)).slice();
  }

  /** The process that has received requests since, and its socket; undefined where there is none. */
  get beside(): { readonly pid: number; readonly fd: number } | undefined {
    const pid = this.#field("beside_pid");
    return pid === 0 ? undefined : { pid, fd: this.#field("beside") };
  }

  /** Of the event `failed` or `broken`. */
  get failure(): Failure {
    return {
      stage: this.#field("failed_stage"),
      op: this.#field("failed_op"),
      errno: this.#field("failed_errno"),
    };
  }

  /** Starts a run. False where not even its keeper could be started: `failure` says why. `ignored`: as START has it. */
  launch(plan: Uint8Array, launch: Uint8Array, ignored: bigint): boolean {
    setFields(this.#view, SUPERVISOR, 0, { ignored_before: ignored });
    const bytes = [addressOf(plan), plan.byteLength, addressOf(launch), launch.byteLength] as const;
    return native().ll_supervisor_launch(this.#address, ...bytes) === 0;
  }

  /** Waits, at most for `timeoutMs` (-1: without end), and handles what is the broker's. */
  step(timeoutMs: number): StepEvent {
    const event = NAMES[native().ll_supervisor_step(this.#address, timeoutMs)] ?? "broken";
    switch (event) {
      case "asked":
        this.#onAsked?.(EPOLLIN);
        return "turn";
      case "deserted":
        this.#onAsked?.(EPOLLHUP);
        return "turn";
      case "mounts":
        this.#onMounts?.();
        return "turn";
      case "driver":
        this.#epoll.wait(0);
        return "turn";
      default:
        return event;
    }
  }

  add(fd: number, handler: (events: number) => void, events?: number): void {
    this.#epoll.add(fd, handler, events);
  }

  addSieve(sieve: Sieve, handler: (events: number) => void): void {
    this.#sieve = sieve;
    this.#onAsked = handler;
    setFields(this.#view, SUPERVISOR, 0, { sieve: Number(sieve.address), listener: sieve.fd });
  }

  addMounts(fd: number, handler: () => void): void {
    this.#onMounts = handler;
    setFields(this.#view, SUPERVISOR, 0, { mounts: fd });
  }

  remove(fd: number): void {
    if (fd === this.#sieve?.fd) {
      this.#sieve = undefined;
      setFields(this.#view, SUPERVISOR, 0, { sieve: 0, listener: -1 });
    } else if (fd === this.#field("mounts")) {
      setFields(this.#view, SUPERVISOR, 0, { mounts: -1 });
    } else {
      this.#epoll.remove(fd);
    }
  }

  /** Takes the listener: the supervisor doesn't know of it any more. */
  takeListener(): number {
    const fd = this.listenerFd;
    setFields(this.#view, SUPERVISOR, 0, { listener: -1 });
    return fd;
  }

  /**
   * Lets the keeper do something inside the run's namespaces, and waits for it: it is never long at anything. EPERM once
   * it is gone.
   */
  command({ kind, op, a = 0, b = 0, fd = -1 }: Command): Done {
    const { view, bytes } = this.#command;
    setFields(view, MESSAGE, 0, { kind: MESSAGES.command, stage: COMMANDS[kind], op, errno: 0, a, b });
    const result = native().ll_supervisor_command(
      this.#address,
      addressOf(bytes),
      fd,
      addressOf(this.#commandFd.bytes),
    );
    if (result !== 0) return { errno: EPERM, fd: -1, mountId: 0 };
    return {
      errno: getField(view, MESSAGE, 0, "errno"),
      fd: this.#commandFd.view.getInt32(0, true),
      mountId: Number(getField64(view, MESSAGE, 0, "a")),
    };
  }

  /** After `failed`, before `end`: puts on record what was mounted, and what couldn't be. */
  tellMounts(): void {
    native().ll_supervisor_tell_mounts(this.#address);
  }

  /** Ends what is left of the run and gives back all that it owned but `epoll`. Blocks until its keeper is gone. */
  end(): void {
    native().ll_supervisor_end(this.#address);
    native().ll_supervisor_release(this.#address);
  }

  /** After `end`, and after those that watch something by `epoll`. */
  close(): void {
    this.#epoll.close();
  }

  /** After `failed`: what came for the run acts as it would have before. May end this process. */
  catchUp(): void {
    native().ll_supervisor_catch_up(this.#address);
  }
}
