/**
 * What this process does with the events of a run (csrc/run/supervisor.h), from its start, or from where the front left
 * off, to its end. Synchronous: this process's terminal and signals are the workload's.
 */

import { EndedError } from "../base/errors.ts";
import type { Watch } from "../native/epoll.ts";
import type { Command, Done, Supervisor } from "../native/supervisor.ts";
import { syscall } from "../native/syscall.ts";
import type { Plan } from "../plan/plan.ts";
import { failureOf } from "./failure.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";

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
  /** Serves the run's seccomp listener, which it owns, where `watch` tells of requests. */
  attach(listenerFd: number, watch: Watch): void;
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
  /** It couldn't be started. Signals that came meanwhile act after this, and may end the process. */
  readonly failed?: (error: Error) => void;
}

export interface Ended {
  readonly outcome: Outcome;
  /** As wait(2). */
  readonly status: number;
  /** Of the workload, as this process sees it; -1 where that can't be told. */
  readonly pid: number;
}

/** Gives the listener to whoever answers; without anybody nobody is to wait for an answer. */
function giveListener(run: Supervisor, { partner, broker }: Helpers): void {
  const fd = run.takeListener();
  if (partner !== undefined) partner.listener(fd);
  else if (broker !== undefined) broker.attach(fd, run);
  else syscall("close", fd);
}

/** How a run came to its end: an error of its start, of its watching, or of the partner, which is gone then. */
interface Followed {
  readonly error?: Error | undefined;
  readonly gone?: true;
}

function follow(run: Supervisor, plan: Plan, command: string, helpers: Helpers): Followed {
  const { partner, broker } = helpers;
  let gone: Error | undefined;
  if (partner !== undefined) {
    run.add(partner.fd, () => {
      gone ??= partner.onReadable();
    });
  }
  for (;;) {
    const event = run.step(broker?.timeoutMs ?? -1);
    if (event === "listener") giveListener(run, helpers);
    if (event === "started") partner?.started(run.pid);
    if (event === "failed") return { error: failureOf(run.failure, plan, command) };
    if (event === "broken") {
      const reason = `the run was ended, because it couldn't be watched: errno ${run.failure.errno}`;
      return { error: new EndedError(reason) };
    }
    if (event === "over") return {};
    // What a workload left behind needs no daemon to be ended.
    if (gone !== undefined) return { error: run.status === undefined ? gone : undefined, gone: true };
    broker?.tick();
  }
}

/**
 * Stays with a run to its end. `command`: what it is called where it can't be executed.
 * @throws LaunchError when it couldn't be started, or what `partner` ended that with; EndedError once it ran.
 */
export function supervise(run: Supervisor, plan: Plan, command: string, helpers: Helpers): Ended {
  const { partner, broker } = helpers;
  let followed: Followed;
  broker?.useKeeper?.((each) => run.command(each));
  try {
    followed = follow(run, plan, command, helpers);
    if (run.pid === 0) run.tellMounts();
  } finally {
    run.end();
    broker?.close();
    run.close();
  }
  const { error, gone } = followed;
  const status = run.status ?? 0;
  const outcome = outcomeOf(status);
  if (gone === undefined) partner?.ended(error ?? outcome);
  if (error !== undefined && run.pid !== 0) throw new EndedError(error.message, { cause: error });
  if (error !== undefined) {
    helpers.failed?.(error);
    run.catchUp();
    throw error;
  }
  return { outcome, status, pid: run.pid };
}
