/** Direct mode: one run, this process its supervisor, this process's terminal and signals the workload's. Synchronous. */

import type { LaunchError } from "../base/errors.ts";
import { Epoll } from "../native/epoll.ts";
import { openSignals, readSignals } from "../native/signals.ts";
import { syscall } from "../native/syscall.ts";
import type { Plan } from "../plan/plan.ts";
import type { LaunchRequest } from "./launch.ts";
import type { Outcome } from "./outcome.ts";
import { Session } from "./session.ts";

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

export interface Ended {
  readonly outcome: Outcome;
  /** Of the workload, as its keeper sees it. */
  readonly pid: number;
}

/**
 * A workload that job control stopped takes us along, so that the shell gets its terminal back. By the same signal,
 * which the kernel drops where there is no shell to continue us (an orphaned process group).
 */
function stopAlong(signal: number): void {
  if (JOB_STOPS.includes(signal)) syscall("kill", syscall("getpid"), signal);
}

/** What a terminal sends reaches the workload by itself: it is in our process group. */
function forwardSignals(signalFd: number, session: Session): void {
  for (const { signal, code } of readSignals(signalFd)) {
    if (code <= 0 || signal === SIGCONT) session.signal(signal);
  }
}

/**
 * Runs a workload to its end. Signals that processes send us are passed on to it.
 * @throws LaunchError when it couldn't be started.
 */
export function supervise(plan: Plan, request: LaunchRequest, events: RunEvents): Ended {
  const signalFd = openSignals(FORWARDED);
  if (signalFd < 0) throw new Error(`cannot catch signals: errno ${-signalFd}`);
  const epoll = new Epoll();
  let result: Ended | LaunchError | undefined;
  const session = new Session(epoll, plan, request, {
    listener: (fd) => syscall("close", fd),
    started: (pid) => events.started(pid),
    stopped: stopAlong,
    ended: (outcome, pid) => {
      result ??= { outcome, pid };
    },
    empty: () => {},
    failed: (error) => {
      result ??= error;
    },
  });
  try {
    epoll.add(signalFd, () => forwardSignals(signalFd, session));
    while (result === undefined) epoll.wait(-1);
  } finally {
    session.close();
    epoll.close();
  }
  if (result instanceof Error) throw result;
  return result;
}
