/** Direct mode: one run, this process its supervisor, this process's terminal and signals the workload's. Synchronous. */

import { Epoll } from "../native/epoll.ts";
import { type Beside, endBeside } from "../native/handoff.ts";
import { actByDefault, type Caught, openSignals, readSignals, setBlocked } from "../native/signals.ts";
import type { Command, Done } from "../native/spawn.ts";
import { syscall } from "../native/syscall.ts";
import { LAUNCH_FLAGS } from "../plan/layout.ts";
import type { Plan } from "../plan/plan.ts";
import type { LaunchRequest } from "./launch.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Running, Session } from "./session.ts";

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

/**
 * Stops of job control, which the shell that started us must see. Caught as well: the terminal sends them to us too, and
 * only the workload knows whether it stops (an editor first puts the terminal in order).
 */
const JOB_STOPS: readonly number[] = [SIGTSTP, SIGTTIN, SIGTTOU];
/** Passed on to the workload, but for those that reach it by themselves. */
const FORWARDED = [
  SIGHUP,
  SIGINT,
  SIGQUIT,
  SIGUSR1,
  SIGUSR2,
  SIGALRM,
  SIGTERM,
  SIGCONT,
  SIGWINCH,
  ...JOB_STOPS,
] as const;

/** What the run's owner is told while it goes on. */
export interface RunEvents {
  /** The keeper was started; it goes on to set the sandbox up. */
  spawned?(keeperPid: number): void;
  /** The workload runs: execve succeeded. */
  started(pid: number): void;
  /** It couldn't be started. Signals that came meanwhile act after this, and may end the process. */
  failed?(error: Error): void;
}

/** Somebody outside this process who has a part in the run: a daemon that answers its broker's requests. */
export interface Partner {
  /** Watched for input while the run goes on. */
  readonly fd: number;
  /** Reads what it says; an error ends the run. */
  onReadable(): Error | undefined;
  /** Takes the run's seccomp listener, which it owns from here. */
  listener(fd: number): void;
  started(pid: number): void;
  /** Nobody stays: this process is about to become the workload. Called instead of all the others. */
  becomes(): void;
  /** The run is over: what it says last is read before this returns. */
  ended(outcome: Outcome | Error): void;
}

/** The broker of a run that this process holds itself. */
export interface OwnBroker {
  /** Told how to have the run's keeper do something, before `attach`. */
  useKeeper?(keeper: (command: Command) => Done): void;
  /** Serves the run's seccomp listener, which it owns, on `epoll`. */
  attach(listenerFd: number, epoll: Epoll): void;
  /** Serves a request that was received elsewhere: a struct seccomp_notif. After `attach`. */
  serve?(request: Uint8Array): void;
  /** Until when something has to be looked after without an event, in milliseconds; -1 for never. */
  readonly timeoutMs: number;
  /** Looks after it. */
  tick(): void;
  close(): void;
}

/** Who answers the broker's requests: a daemon, this process, or nobody. */
export interface Helpers {
  readonly partner?: Partner | undefined;
  readonly broker?: OwnBroker | undefined;
}

/** How long descendants that outlive the workload are still served, before they are killed. */
const GRACE_MS = 5000;

/** A run with a broker that the front has started. */
export interface TakenOver extends Running {
  readonly listenerFd: number;
  /** What somebody has asked and nobody answered. */
  readonly requests: readonly Uint8Array[];
  /** Who receives requests until this process does. */
  readonly beside: Beside | undefined;
  /** The workload's wait status, where it ended. */
  readonly status: number | undefined;
  /** How long what it left behind is still served then, in milliseconds. */
  readonly graceMs: number;
  /** Bit n - 1: signal n was blocked before. Until they can be caught here, more are, and wait. */
  readonly blocked: bigint;
}

export interface Ended {
  readonly outcome: Outcome;
  /** Of the workload, as this process sees it; -1 where that can't be told. */
  readonly pid: number;
}

/**
 * A workload that job control stopped takes us along, so that the shell gets its terminal back. By the same signal,
 * which the kernel drops where there is no shell to continue us (an orphaned process group).
 */
function stopAlong(signal: number): void {
  if (JOB_STOPS.includes(signal)) actByDefault(signal);
}

/**
 * A process's signals are for us alone. Of the kernel's, a terminal's reach the workload as well, which is in the
 * foreground too; not so that of a timer which was set before we were executed, nor that of a terminal that hangs up,
 * which is for its session's leader.
 */
function isOursAlone({ signal, code }: Caught): boolean {
  if (code <= 0 || signal === SIGCONT || signal === SIGALRM) return true;
  return signal === SIGHUP && syscall("getsid", 0) === process.pid;
}

/** Passes on what is for the workload. Adds all that comes before there is one to `early`. */
function forwardSignals(signalFd: number, session: Session, early: Set<number>): void {
  for (const caught of readSignals(signalFd)) {
    if (!session.runs) early.add(caught.signal);
    if (isOursAlone(caught)) session.signal(caught.signal);
  }
}

/** A run that couldn't be started: what came for it acts as it would have before. Most signals end this process here. */
function catchUp(early: ReadonlySet<number>, ignored: bigint): void {
  for (const signal of early) {
    if (((ignored >> BigInt(signal - 1)) & 1n) === 0n) actByDefault(signal);
  }
}

/** Goes on where the front left off. */
function takeUp(run: TakenOver, broker: OwnBroker | undefined, epoll: Epoll): Ended | undefined {
  setBlocked(run.blocked);
  broker?.attach(run.listenerFd, epoll);
  const requests = run.beside === undefined ? run.requests : [...run.requests, ...endBeside(run.beside)];
  for (const request of requests) broker?.serve?.(request);
  return run.status === undefined ? undefined : { outcome: outcomeOf(run.status), pid: run.pid };
}

/** For how long what outlives the workload is served. */
function graceOf(run: LaunchRequest | TakenOver): number {
  if (!("argv" in run)) return run.status === undefined ? GRACE_MS : run.graceMs;
  return (run.flags & LAUNCH_FLAGS.linger) === 0 ? 0 : GRACE_MS;
}

/**
 * Runs a workload to its end, or goes on with one that runs. Signals that processes send us are passed on to it.
 * @throws LaunchError when it couldn't be started; what `partner` ends it with.
 */
export function supervise(plan: Plan, run: LaunchRequest | TakenOver, events: RunEvents, helpers: Helpers = {}): Ended {
  const { partner, broker } = helpers;
  const signalFd = openSignals(FORWARDED);
  if (signalFd < 0) throw new Error(`cannot catch signals: errno ${-signalFd}`);
  const epoll = new Epoll();
  let result: Ended | Error | undefined;
  let empty = false;
  let gone: Error | undefined;
  const early = new Set<number>();
  const session = new Session(epoll, plan, run, {
    listener: (fd) => {
      if (partner !== undefined) partner.listener(fd);
      else if (broker !== undefined) broker.attach(fd, epoll);
      else syscall("close", fd);
    },
    started: (pid) => {
      partner?.started(pid);
      events.started(pid);
    },
    stopped: stopAlong,
    ended: (outcome, pid) => {
      result ??= { outcome, pid };
    },
    empty: () => {
      empty = true;
    },
    failed: (error) => {
      result ??= error;
    },
  });
  events.spawned?.(session.keeperPid);
  broker?.useKeeper?.((command) => session.command(command));
  try {
    epoll.add(signalFd, () => forwardSignals(signalFd, session, early));
    if (partner !== undefined) {
      epoll.add(partner.fd, () => {
        gone ??= partner.onReadable();
        result ??= gone;
      });
    }
    const wait = (most: number): void => {
      const own = broker?.timeoutMs ?? -1;
      epoll.wait(own < 0 ? most : most < 0 ? own : Math.min(own, most));
      broker?.tick();
    };
    if (!("argv" in run)) result = takeUp(run, broker, epoll);
    while (result === undefined) wait(-1);
    const end = performance.now() + graceOf(run);
    if (!(result instanceof Error)) {
      while (!empty && gone === undefined && performance.now() < end) wait(Math.ceil(end - performance.now()));
    }
  } finally {
    session.close();
    broker?.close();
    epoll.close();
  }
  if (gone === undefined) partner?.ended(result instanceof Error ? result : result.outcome);
  if (result instanceof Error && "argv" in run && !session.runs) {
    events.failed?.(result);
    catchUp(early, run.start.ignored);
  }
  if (result instanceof Error) throw result;
  return result;
}
