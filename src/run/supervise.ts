/** One supervised run, from spawn to outcome: driven by one epoll, synchronous. */

import { Epoll } from "../native/epoll.ts";
import { openSignals, readSignals } from "../native/signals.ts";
import { isFailure, type Message, receive, release, type Spawned, spawn } from "../native/spawn.ts";
import { syscall } from "../native/syscall.ts";
import { encodePlan } from "../plan/encode.ts";
import { MESSAGES } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import { failureOf } from "./failure.ts";
import { encodeLaunch, type LaunchRequest } from "./launch.ts";
import { type Outcome, outcomeOf, stopSignalOf } from "./outcome.ts";

const SIGHUP = 1;
const SIGINT = 2;
const SIGQUIT = 3;
const SIGUSR1 = 10;
const SIGUSR2 = 12;
const SIGALRM = 14;
const SIGTERM = 15;
const SIGCONT = 18;
const SIGTSTP = 20;
const SIGTTIN = 21;
const SIGTTOU = 22;
const SIGWINCH = 28;

/** Passed on to the workload when a process sent them. */
const FORWARDED = [SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGWINCH] as const;
/** Stops of job control, which the shell that started us must see. */
const JOB_STOPS: readonly number[] = [SIGTSTP, SIGTTIN, SIGTTOU];

/** What the run's owner is told while it goes on. */
export interface RunEvents {
  /** The workload runs: execve succeeded. */
  started(pid: number): void;
}

/** Everything of one run that has to be given back. */
class Supervisor {
  readonly #plan: Plan;
  readonly #command: string;
  readonly #events: RunEvents;
  readonly #spawned: Spawned;
  #pidFd = -1;
  #outcome: Outcome | undefined;
  #pid = 0;
  /** Signals that came before there was a workload to pass them on to. */
  readonly #early: number[] = [];

  constructor(plan: Plan, request: LaunchRequest, events: RunEvents) {
    this.#plan = plan;
    this.#command = Buffer.from(request.argv[0] ?? []).toString();
    this.#events = events;
    const spawned = spawn(encodePlan(plan), encodeLaunch(request));
    if (isFailure(spawned)) throw failureOf(spawned, plan, this.#command);
    this.#spawned = spawned;
  }

  /** Until the workload ended. @throws LaunchError when it couldn't be started. */
  run(signalFd: number): { outcome: Outcome; pid: number } {
    const epoll = new Epoll();
    try {
      epoll.add(this.#spawned.channelFd, () => this.#onChannel());
      epoll.add(signalFd, () => this.#onSignals(signalFd));
      while (this.#outcome === undefined) epoll.wait(-1);
      return { outcome: this.#outcome, pid: this.#pid };
    } finally {
      epoll.close();
      if (this.#pidFd >= 0) syscall("close", this.#pidFd);
      release(this.#spawned);
    }
  }

  #onChannel(): void {
    for (;;) {
      const received = receive(this.#spawned.channelFd);
      if (received === "empty") return;
      // The keeper never leaves without a word: somebody killed it, and the workload died with it (PR_SET_PDEATHSIG).
      if (received === "closed") {
        this.#outcome ??= { kind: "signaled", signal: 9 };
        return;
      }
      this.#onMessage(received.message, received.fd);
    }
  }

  #onMessage(message: Message, fd: number): void {
    switch (message.kind) {
      case MESSAGES.failed:
        throw failureOf(message, this.#plan, this.#command);
      case MESSAGES.started:
        this.#pidFd = fd;
        this.#pid = message.pid;
        for (const signal of this.#early.splice(0)) this.#forward(signal);
        this.#events.started(message.pid);
        return;
      case MESSAGES.stopped:
        this.#stopAlong(stopSignalOf(message.status));
        return;
      case MESSAGES.exited:
        this.#outcome = outcomeOf(message.status);
        return;
      default:
        if (fd >= 0) syscall("close", fd);
    }
  }

  /**
   * A workload that job control stopped takes us along, so that the shell gets its terminal back. By the same signal,
   * which the kernel drops where there is no shell to continue us (an orphaned process group).
   */
  #stopAlong(signal: number): void {
    if (JOB_STOPS.includes(signal)) syscall("kill", syscall("getpid"), signal);
  }

  /** What a terminal sends reaches the workload by itself: it is in our process group. */
  #onSignals(signalFd: number): void {
    for (const { signal, code } of readSignals(signalFd)) {
      if (code > 0 && signal !== SIGCONT) continue;
      if (this.#pidFd >= 0) this.#forward(signal);
      else this.#early.push(signal);
    }
  }

  #forward(signal: number): void {
    syscall("pidfd_send_signal", this.#pidFd, signal, 0, 0);
  }
}

/**
 * Runs a workload to its end. Signals that processes send us are passed on to it.
 * @throws LaunchError when it couldn't be started.
 */
export function supervise(plan: Plan, request: LaunchRequest, events: RunEvents): { outcome: Outcome; pid: number } {
  const signalFd = openSignals(FORWARDED);
  if (signalFd < 0) throw new Error(`cannot catch signals: errno ${-signalFd}`);
  return new Supervisor(plan, request, events).run(signalFd);
}
