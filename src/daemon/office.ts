/** What a daemon offers its connections. */

import type { AuditEvent } from "../audit/events.ts";
import type { Epoll } from "../native/epoll.ts";
import type { Sender } from "../native/socket.ts";
import type { PolicySource } from "../policy/load.ts";
import type { Policy } from "../policy/policy.ts";
import type { Standing } from "./peer.ts";
import type { Plans } from "./plans.ts";
import type { RunRequest } from "./request.ts";
import type { RunEnd, Statistics, StatusReport } from "./statistics.ts";

/**
 * silent: has said nothing. planned: has its plan, and runs nothing yet. running. over: its run ended. waiting: for the
 * daemon to stop.
 */
export type Phase = "silent" | "planned" | "running" | "over" | "waiting";

/** A connection as the office sees it. */
export interface Client {
  readonly fd: number;
  /** The seccomp listener of its run, while the daemon has it; -1 otherwise. */
  readonly listenerFd: number;
  readonly phase: Phase;
  /** Sends what the client didn't take before. */
  flush(): void;
}

/** A run's broker, while the daemon is it. */
export interface Holding {
  /** Answered so far. */
  readonly requests: number;
  /** Answers the notifications of the run from now on; owns the listener. Called once. */
  attach(listenerFd: number): void;
  /** Until `tick` is to be called without an event, in milliseconds; -1 for never. */
  readonly timeoutMs: number;
  /** Looks after what blocks. */
  tick(): void;
  /** Stops answering and gives everything back. */
  close(): void;
}

/** The broker as a daemon uses it: many runs on one epoll. */
export interface BrokerService {
  /**
   * A broker for a run of this policy, with all that its lists name pinned: before the workload starts. Or why only the
   * run's own supervisor can be its broker.
   */
  prepare(epoll: Epoll, policy: Policy, emit: ((event: AuditEvent) => void) | undefined): Holding | string;
}

/** What is told of a request in the daemon's own events. */
export type Requested = Pick<RunRequest, "policyFile" | "argc" | "jobId">;

export interface Office {
  readonly epoll: Epoll;
  readonly uid: number;
  readonly plans: Plans;
  readonly statistics: Statistics;
  /** The only folder that policies come from; undefined where clients bring their own. */
  readonly policyDir: string | undefined;
  readonly stopping: boolean;
  readonly broker: BrokerService;
  /** The sender's standing, or why it isn't served. */
  admit(sender: Sender | undefined): Standing | string;
  /** @throws UsageError */
  namedPolicy(name: string | undefined): PolicySource;
  /** @throws UsageError */
  builtInPolicy(file: string): PolicySource;
  /** A request was made. */
  requested(command: "run" | "status" | "stop", request?: Requested): void;
  /** A process becomes the workload: takes the run over, with the sender's pidfd. `startUs`: since it has its plan. */
  becomes(sender: Sender, startUs?: number): void;
  /** A run ended. */
  ended(how: RunEnd): void;
  /** A connection went from one phase to another. */
  moved(client: Client, from: Phase): void;
  /** Holdings whose `tick` has to be called. */
  readonly holdings: Set<Holding>;
  /** A client doesn't take what it is sent: `flush` is to be called again soon. */
  slow(client: Client): void;
  status(): StatusReport;
  stop(now: boolean): void;
  /** Lets a connection go. May be called more than once. */
  close(client: Client): void;
}
