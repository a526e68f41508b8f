/** One run, from spawn to its end, on an epoll that may carry many: what its keeper says, and what is said to it. */

import type { LaunchError } from "../base/errors.ts";
import { EPERM } from "../kernel/errno.ts";
import type { Epoll } from "../native/epoll.ts";
import type { Message } from "../native/message.ts";
import {
  awaitChannel,
  type Command,
  type Done,
  isFailure,
  receive,
  release,
  type Spawned,
  sendCommand,
  spawn,
} from "../native/spawn.ts";
import { syscall } from "../native/syscall.ts";
import { encodePlan } from "../plan/encode.ts";
import { MESSAGES } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import { failureOf } from "./failure.ts";
import { encodeLaunch, type LaunchRequest } from "./launch.ts";
import { type Outcome, outcomeOf, stopSignalOf } from "./outcome.ts";

/** What the run's owner is told. Each is called from the epoll; none may throw. */
export interface SessionEvents {
  /** The seccomp listener of a brokered run; the owner of the session owns it from here. */
  listener(fd: number): void;
  /** The workload runs: execve succeeded. */
  started(pid: number): void;
  /** The workload was stopped by a signal. */
  stopped(signal: number): void;
  /** The workload ended; with LAUNCH_FLAGS.linger its descendants may go on. */
  ended(outcome: Outcome, pid: number): void;
  /** No descendant of the run is left. */
  empty(): void;
  /** It couldn't be started. */
  failed(error: LaunchError): void;
}

const SIGKILL = 9;

const NOT_DONE: Done = { errno: EPERM, fd: -1, mountId: 0 };

/** A run that was started before: by the front. All of it is owned from here. */
export interface Running {
  readonly spawned: Spawned;
  /** The workload's. */
  readonly pid: number;
  readonly pidFd: number;
  /** Whether its end was told. */
  readonly over: boolean;
}

/** @throws LaunchError */
function start(plan: Plan, request: LaunchRequest, command: string): Running {
  const spawned = spawn(encodePlan(plan), encodeLaunch(request));
  if (isFailure(spawned)) throw failureOf(spawned, plan, command);
  return { spawned, pid: 0, pidFd: -1, over: false };
}

export class Session {
  readonly #epoll: Epoll;
  readonly #plan: Plan;
  readonly #command: string;
  readonly #events: SessionEvents;
  readonly #spawned: Spawned;
  #pidFd: number;
  #pid: number;
  #over: boolean;
  #hungUp = false;
  /** Signals that came before there was a workload to pass them on to. */
  readonly #early: number[] = [];

  /**
   * Starts the run, or goes on with one; all else is told through `events`.
   * @throws LaunchError when not even the keeper could be started.
   */
  constructor(epoll: Epoll, plan: Plan, run: LaunchRequest | Running, events: SessionEvents) {
    this.#epoll = epoll;
    this.#plan = plan;
    this.#command = "argv" in run ? Buffer.from(run.argv[0] ?? []).toString() : "";
    this.#events = events;
    const { spawned, pid, pidFd, over } = "argv" in run ? start(plan, run, this.#command) : run;
    this.#spawned = spawned;
    this.#pid = pid;
    this.#pidFd = pidFd;
    this.#over = over;
    epoll.add(spawned.channelFd, () => this.#onChannel());
  }

  /** Whether the workload was executed. */
  get runs(): boolean {
    return this.#pid !== 0;
  }

  get keeperPid(): number {
    return this.#spawned.keeperPid;
  }

  /** Sends the workload a signal; one that comes before the workload waits for it. */
  signal(signal: number): void {
    if (this.#pidFd >= 0) syscall("pidfd_send_signal", this.#pidFd, signal, 0, 0);
    else this.#early.push(signal);
  }

  /**
   * Lets the keeper do something inside the run's namespaces, and waits for it: it is never long at anything. What it
   * says meanwhile is told as ever. EPERM once it is gone.
   */
  command(command: Command): Done {
    const { channelFd } = this.#spawned;
    if (this.#hungUp || !sendCommand(channelFd, command)) return NOT_DONE;
    for (;;) {
      awaitChannel(channelFd);
      const received = receive(channelFd);
      if (received === "empty") continue;
      if (received === "closed") {
        this.#onHangUp();
        return NOT_DONE;
      }
      const { message, fd } = received;
      if (message.kind === MESSAGES.done) return { errno: message.errno, fd, mountId: message.a };
      this.#onMessage(message, fd);
    }
  }

  /** Ends what is left of the run and gives back all that it owned. Blocks until the keeper is gone. */
  close(): void {
    this.#epoll.remove(this.#spawned.channelFd);
    if (this.#pidFd >= 0) syscall("close", this.#pidFd);
    this.#pidFd = -1;
    release(this.#spawned);
  }

  #onChannel(): void {
    for (;;) {
      const received = receive(this.#spawned.channelFd);
      if (received === "empty") return;
      if (received === "closed") {
        this.#onHangUp();
        return;
      }
      this.#onMessage(received.message, received.fd);
    }
  }

  /** A keeper that leaves without a word was killed, and its workload died with it (PR_SET_PDEATHSIG). */
  #onHangUp(): void {
    if (this.#hungUp) return;
    this.#hungUp = true;
    this.#epoll.remove(this.#spawned.channelFd);
    if (!this.#over) this.#end({ kind: "signaled", signal: SIGKILL });
    this.#events.empty();
  }

  #end(outcome: Outcome): void {
    this.#over = true;
    this.#events.ended(outcome, this.#pid);
  }

  #onMessage(message: Message, fd: number): void {
    switch (message.kind) {
      case MESSAGES.failed:
        this.#over = true;
        this.#events.failed(failureOf(message, this.#plan, this.#command));
        return;
      case MESSAGES.listener:
        this.#events.listener(fd);
        return;
      case MESSAGES.started:
        this.#pidFd = fd;
        this.#pid = message.pid;
        for (const signal of this.#early.splice(0)) this.signal(signal);
        this.#events.started(this.#pid);
        return;
      case MESSAGES.stopped:
        this.#events.stopped(stopSignalOf(message.status));
        return;
      case MESSAGES.exited:
        this.#end(outcomeOf(message.status));
        return;
      default:
        if (fd >= 0) syscall("close", fd);
    }
  }
}
