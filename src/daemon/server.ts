/** The daemon: one epoll, many runs. Synchronous, and never blocked by anything that a client does. */

import { openSync } from "node:fs";
import type { DaemonEvent } from "../audit/events.ts";
import { VERSION } from "../base/version.ts";
import { mountNeed } from "../compile/mount.ts";
import { EMFILE, ENFILE } from "../kernel/errno.ts";
import { Epoll } from "../native/epoll.ts";
import { probeHost } from "../native/host.ts";
import { probeNamespaces } from "../native/namespaces.ts";
import { openSignals, readSignals } from "../native/signals.ts";
import { acceptFrom, peerOf, type Sender } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import type { PolicySource } from "../policy/load.ts";
import { Connection } from "./connection.ts";
import type { BrokerService, Client, Holding, Office, Phase } from "./office.ts";
import { ambientStanding, refusalOf, type Standing, standingOfSender } from "./peer.ts";
import { Plans } from "./plans.ts";
import type { RunRequest } from "./request.ts";
import { builtInPolicy, policyOfFolder } from "./sources.ts";
import { type RunEnd, Statistics, type StatusReport, type StopReport } from "./statistics.ts";

export interface ServerOptions {
  /** A listening socket, non-blocking; borrowed. */
  readonly listenFd: number;
  /** As messages name it. */
  readonly socket: string;
  readonly policyDir: string | undefined;
  /** Whether root is served too: status and stop, never a run. */
  readonly allowRoot: boolean;
  readonly broker: BrokerService;
  readonly emit: (event: DaemonEvent) => void;
  /** Told of a bug that ended one client's run, and nobody else's. */
  readonly onBug: (error: unknown) => void;
}

/** A connection that says nothing, or doesn't go on, is let go after this. */
const SILENT_TIMEOUT_MS = 10_000;
const PLANNED_TIMEOUT_MS = 60_000;
/** How long clients have to end their runs before a daemon that stops now goes without them. */
const END_TIMEOUT_MS = 5000;
/** Most connections that have said nothing: the oldest makes way. */
const SILENT_MAX = 256;
const SILENT_FEW = 32;
/** Fds that connections leave free: what a request takes for a moment, and brokers. */
const RESERVE_FDS = 24;
/** What the daemon has open for itself, and at most for the broker of a run. */
const OWN_FDS = 16;
const BROKER_FDS = 8;
const RLIMIT_NOFILE = 7;
const ACCEPTS_PER_TURN = 64;
const SLOW_RETRY_MS = 10;

const SIGHUP = 1;
const SIGINT = 2;
const SIGTERM = 15;

export class Server implements Office {
  readonly epoll: Epoll = new Epoll();
  readonly uid: number = syscall("geteuid");
  readonly statistics: Statistics = new Statistics();
  readonly plans: Plans;
  readonly policyDir: string | undefined;
  readonly broker: BrokerService;
  readonly holdings: Set<Holding> = new Set();
  readonly #options: ServerOptions;
  readonly #ambient: Standing = ambientStanding();
  readonly #connections = new Set<Connection>();
  /** In the order in which their time runs out: client → when, in ms of performance.now(). */
  readonly #deadlines: Record<"silent" | "planned", Map<Client, number>> = { silent: new Map(), planned: new Map() };
  readonly #slow = new Set<Client>();
  readonly #signalFd: number = openSignals([SIGHUP, SIGINT, SIGTERM]);
  #spareFd = openSync("/dev/null", "r");
  #running = 0;
  #stop: "no" | "drain" | "now" = "no";
  #stopDeadline = Number.POSITIVE_INFINITY;
  readonly #stopCounts = { drained: 0, ended: 0 };

  constructor(options: ServerOptions) {
    this.#options = options;
    this.policyDir = options.policyDir;
    this.broker = options.broker;
    const host = probeHost();
    this.plans = new Plans((policy, capabilities) => {
      const own = { ...host, capabilities };
      return mountNeed(policy) === undefined ? own : probeNamespaces(own);
    });
  }

  get stopping(): boolean {
    return this.#stop !== "no";
  }

  /** Serves until it is told to stop, by a client or by a signal; a second signal is "now". */
  run(): StopReport {
    this.epoll.onError = (fd, error) => this.#onError(fd, error);
    this.epoll.add(this.#options.listenFd, () => this.#accept());
    this.epoll.add(this.#signalFd, () => {
      for (const _ of readSignals(this.#signalFd)) this.stop(this.stopping);
    });
    while (!this.#mayStop()) {
      this.epoll.wait(this.#timeoutMs());
      this.#expire();
    }
    const report = { ...this.#stopCounts };
    const told = JSON.stringify(report);
    for (const connection of this.#connections) {
      if (connection.phase === "waiting") connection.report(told);
      this.close(connection);
    }
    return report;
  }

  #mayStop(): boolean {
    if (!this.stopping) return false;
    return this.#running + this.#deadlines.planned.size === 0 || performance.now() > this.#stopDeadline;
  }

  admit(sender: Sender | undefined): Standing | string {
    const standing = sender === undefined ? undefined : standingOfSender(sender);
    const { allowRoot } = this.#options;
    const reason = refusalOf(sender, standing, { uid: this.uid, allowRoot, ambient: this.#ambient });
    const peer = { event: "daemon.peer", uid: sender?.uid ?? -1, pid: sender?.pid ?? 0 } as const;
    if (reason !== undefined) this.#options.emit({ ...peer, decision: "deny", reason });
    else this.#options.emit({ ...peer, decision: "allow" });
    return reason ?? (standing as Standing);
  }

  namedPolicy(name: string | undefined): PolicySource {
    return policyOfFolder(this.policyDir ?? "/nonexistent", name);
  }

  builtInPolicy(file: string): PolicySource {
    return builtInPolicy(file);
  }

  requested(command: "run" | "status" | "stop", request?: RunRequest): void {
    const { policyFile = null, argc = null, jobId = null } = request ?? {};
    this.#options.emit({ event: "daemon.request", job_id: jobId, command, policy_file: policyFile, argc });
  }

  ended(how: RunEnd): void {
    this.statistics.outcomes[how] += 1;
    if (this.#stop === "drain") this.#stopCounts.drained += 1;
    if (this.#stop === "now") this.#stopCounts.ended += 1;
  }

  moved(client: Client, from: Phase): void {
    if (from === "silent" || from === "planned") this.#deadlines[from].delete(client);
    if (client.phase === "planned") this.#deadlines.planned.set(client, performance.now() + PLANNED_TIMEOUT_MS);
    if (from === "running") this.#running -= 1;
    if (client.phase === "running") this.#running += 1;
  }

  slow(client: Client): void {
    this.#slow.add(client);
  }

  status(): StatusReport {
    const { statistics, plans } = this;
    const { runs, direct, refused, outcomes } = statistics;
    return {
      version: VERSION,
      pid: syscall("getpid"),
      socket: this.#options.socket,
      uptime_seconds: statistics.uptimeSeconds,
      stopping: this.stopping,
      connections: this.#connections.size,
      runs: { now: this.#running, total: runs, direct, refused },
      outcomes,
      plans: { kept: plans.size, hits: plans.hits, misses: plans.misses },
      brokered_requests: [...this.holdings].reduce((sum, { requests }) => sum + requests, statistics.brokered),
      latency_microseconds: { plan: statistics.plan.percentiles(), start: statistics.start.percentiles() },
    };
  }

  stop(now: boolean): void {
    if (this.#stop === "no") this.#stop = "drain";
    if (!now || this.#stop === "now") return;
    this.#stop = "now";
    this.#stopDeadline = performance.now() + END_TIMEOUT_MS;
    for (const connection of this.#connections) {
      if (connection.phase === "running" || connection.phase === "planned")
        connection.end("the daemon was told to stop");
    }
  }

  close(client: Client): void {
    const connection = client as Connection;
    if (!this.#connections.delete(connection)) return;
    this.#deadlines.silent.delete(client);
    this.#deadlines.planned.delete(client);
    this.#slow.delete(client);
    connection.release();
    this.epoll.remove(client.fd);
    syscall("close", client.fd);
  }

  /** A bug in one run's handling ends that run: its client sees the connection end, and says so. */
  #onError(fd: number, error: unknown): void {
    const owner = [...this.#connections].find((each) => each.fd === fd || each.listenerFd === fd);
    if (owner === undefined) throw error;
    this.#options.onBug(error);
    this.close(owner);
  }

  #accept(): void {
    for (let turn = 0; turn < ACCEPTS_PER_TURN; turn++) {
      const fd = acceptFrom(this.#options.listenFd);
      if (fd === -EMFILE || fd === -ENFILE) {
        this.#shed();
        return;
      }
      if (fd < 0) return;
      if (this.#fdsLeft() < RESERVE_FDS && !this.#closeOldest()) {
        syscall("close", fd);
        continue;
      }
      const peer = peerOf(fd);
      if (peer !== undefined && this.#mayConnect(peer)) {
        this.#welcome(fd);
        continue;
      }
      this.#options.emit({ event: "daemon.peer", uid: peer?.uid ?? -1, pid: peer?.pid ?? 0, decision: "deny" });
      syscall("close", fd);
    }
  }

  /** Who asks is judged when he asks; but where many say nothing, a sandboxed process shall not take the places. */
  #mayConnect({ pid, uid }: { readonly pid: number; readonly uid: number }): boolean {
    if (uid !== this.uid && uid !== 0) return false;
    if (this.#deadlines.silent.size < SILENT_FEW) return true;
    const sender: Sender = { pid, uid, gid: -1, pidFd: -1 };
    const host = { uid: this.uid, allowRoot: true, ambient: this.#ambient };
    return refusalOf(sender, standingOfSender(sender), host) === undefined;
  }

  #welcome(fd: number): void {
    const { silent } = this.#deadlines;
    if (silent.size >= SILENT_MAX) this.#closeOldest();
    const connection = new Connection(fd, this);
    this.#connections.add(connection);
    silent.set(connection, performance.now() + SILENT_TIMEOUT_MS);
    this.epoll.add(fd, () => connection.onReadable());
    connection.greet();
  }

  /** About how many more fds this process may open. */
  #fdsLeft(): number {
    const limits = new BigUint64Array(2);
    syscall("prlimit64", 0, RLIMIT_NOFILE, 0, limits);
    const used = OWN_FDS + this.#connections.size + this.plans.size + this.#running * BROKER_FDS;
    return Number(limits[0]) - used;
  }

  #closeOldest(): boolean {
    const oldest = this.#deadlines.silent.keys().next().value;
    if (oldest !== undefined) this.close(oldest);
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

  #timeoutMs(): number {
    if (this.#slow.size > 0) return SLOW_RETRY_MS;
    let soonest = Number.POSITIVE_INFINITY;
    for (const { timeoutMs } of this.holdings) if (timeoutMs >= 0 && timeoutMs < soonest) soonest = timeoutMs;
    const { silent, planned } = this.#deadlines;
    const next = [silent.values().next().value, planned.values().next().value, this.#stopDeadline];
    const first = Math.min(...next.map((time) => time ?? Number.POSITIVE_INFINITY));
    const wait = Math.min(soonest, first - performance.now());
    return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : -1;
  }

  #expire(): void {
    for (const holding of this.holdings) holding.tick();
    for (const client of [...this.#slow]) {
      this.#slow.delete(client);
      client.flush();
    }
    const now = performance.now();
    for (const deadlines of [this.#deadlines.silent, this.#deadlines.planned]) {
      for (const [client, deadline] of deadlines) {
        if (deadline > now) break;
        this.close(client);
      }
    }
  }
}
