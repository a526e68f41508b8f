/** The daemon: one epoll, many runs. Synchronous, and never blocked by anything that a client does. */

import type { DaemonEvent } from "../audit/events.ts";
import { VERSION } from "../base/version.ts";
import { mountNeed } from "../compile/mount.ts";
import { Epoll } from "../native/epoll.ts";
import { probeHost } from "../native/host.ts";
import { probeNamespaces } from "../native/namespaces.ts";
import { openSignals, readSignals } from "../native/signals.ts";
import type { Sender } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import type { PolicySource } from "../policy/load.ts";
import { Connection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { Door } from "./door.ts";
import type { BrokerService, Client, Holding, Office, Phase, Requested } from "./office.ts";
import { ambientStanding, refusalOf, type Standing, standingOfSender } from "./peer.ts";
import { Plans } from "./plans.ts";
import { Register } from "./register.ts";
import { builtInPolicy, policyOfFolder } from "./sources.ts";
import { type RunEnd, Statistics, type StatusReport, type StopReport } from "./statistics.ts";
import { Unsupervised } from "./unsupervised.ts";

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

/** How long clients have to end their runs before a daemon that stops now goes without them. */
const END_TIMEOUT_MS = 5000;
/** Fds that connections leave free: what a request takes for a moment, and brokers. */
const RESERVE_FDS = 24;
/** What the daemon has open for itself, and at most for the broker of a run. */
const OWN_FDS = 16;
const BROKER_FDS = 8;
const RLIMIT_NOFILE = 7;
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
  readonly #deadlines = new Deadlines();
  readonly #slow = new Set<Client>();
  readonly #signalFd: number = openSignals([SIGHUP, SIGINT, SIGTERM]);
  readonly #unsupervised = new Unsupervised(this.epoll, {
    left: () => this.#left(),
    told: (how) => {
      this.statistics.outcomes[how] += 1;
      this.#tendRegister();
    },
  });
  readonly #register: Register;
  readonly #door: Door;
  #running = 0;
  #stop: "no" | "drain" | "now" = "no";
  #stopDeadline = Number.POSITIVE_INFINITY;
  readonly #stopCounts = { drained: 0, ended: 0 };

  constructor(options: ServerOptions) {
    this.#options = options;
    this.policyDir = options.policyDir;
    this.broker = options.broker;
    const host = probeHost();
    this.#register = new Register({
      socket: options.socket,
      epoll: this.epoll,
      uid: this.uid,
      onEntry: (entry, sender) => {
        this.#allowed(sender);
        this.requested("run", entry);
        this.becomes(sender);
      },
      onForged: (sender) => this.#denied(sender, "an entry in the register without proof"),
    });
    this.#door = new Door({
      listenFd: options.listenFd,
      uid: this.uid,
      ambient: this.#ambient,
      deadlines: this.#deadlines,
      hasRoom: () => this.#fdsLeft() >= RESERVE_FDS,
      welcome: (fd) => this.#welcome(fd),
      close: (client) => this.close(client),
      denied: (uid, pid) => options.emit({ event: "daemon.peer", uid, pid, decision: "deny" }),
    });
    this.plans = new Plans((policy, capabilities) => {
      const own = { ...host, capabilities };
      return mountNeed(policy) === undefined ? own : probeNamespaces(own);
    });
    this.#tendRegister();
  }

  get stopping(): boolean {
    return this.#stop !== "no";
  }

  /** Serves until it is told to stop, by a client or by a signal; a second signal is "now". */
  run(): StopReport {
    this.epoll.onError = (fd, error) => this.#onError(fd, error);
    this.epoll.add(this.#options.listenFd, () => this.#door.accept());
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
    return (
      this.#unsupervised.running + this.#running + this.#deadlines.planned === 0 ||
      performance.now() > this.#stopDeadline
    );
  }

  admit(sender: Sender | undefined): Standing | string {
    const standing = sender === undefined ? undefined : standingOfSender(sender);
    const { allowRoot } = this.#options;
    const reason = refusalOf(sender, standing, { uid: this.uid, allowRoot, ambient: this.#ambient });
    if (reason !== undefined) this.#denied(sender, reason);
    else this.#allowed(sender as Sender);
    return reason ?? (standing as Standing);
  }

  #allowed({ uid, pid }: Sender): void {
    this.#options.emit({ event: "daemon.peer", uid, pid, decision: "allow" });
  }

  #denied(sender: Sender | undefined, reason: string): void {
    const { uid, pid } = sender ?? { uid: -1, pid: 0 };
    this.#options.emit({ event: "daemon.peer", uid, pid, decision: "deny", reason });
  }

  namedPolicy(name: string | undefined): PolicySource {
    return policyOfFolder(this.policyDir ?? "/nonexistent", name);
  }

  builtInPolicy(file: string): PolicySource {
    return builtInPolicy(file);
  }

  requested(command: "run" | "status" | "stop", request?: Requested): void {
    const { policyFile = null, argc = null, jobId = null } = request ?? {};
    this.#options.emit({ event: "daemon.request", job_id: jobId, command, policy_file: policyFile, argc });
  }

  ended(how: RunEnd): void {
    this.statistics.outcomes[how] += 1;
    this.#left();
  }

  #left(): void {
    if (this.#stop === "drain") this.#stopCounts.drained += 1;
    if (this.#stop === "now") this.#stopCounts.ended += 1;
  }

  becomes(sender: Sender, startUs?: number): void {
    if (startUs !== undefined) this.statistics.start.add(startUs);
    this.statistics.runs += 1;
    this.#unsupervised.add(sender);
    this.#tendRegister();
  }

  /** It is there as long as whoever comes can be taken: what it has let in while it closes needs fds too. */
  #tendRegister(): void {
    if (this.stopping || this.policyDir !== undefined) return;
    const left = this.#fdsLeft();
    if (left < RESERVE_FDS) this.#register.close();
    else if (left >= 2 * RESERVE_FDS) this.#register.open();
  }

  moved(client: Client, from: Phase): void {
    this.#deadlines.moved(client);
    if (from === "running") this.#running -= 1;
    if (client.phase === "running") this.#running += 1;
  }

  slow(client: Client): void {
    this.#slow.add(client);
  }

  status(): StatusReport {
    this.#register.drain();
    this.#unsupervised.settle();
    const { statistics, plans } = this;
    const { runs, direct, refused, outcomes } = statistics;
    return {
      version: VERSION,
      pid: syscall("getpid"),
      socket: this.#options.socket,
      uptime_seconds: statistics.uptimeSeconds,
      stopping: this.stopping,
      connections: this.#connections.size,
      runs: { now: this.#running + this.#unsupervised.running, total: runs, direct, refused },
      outcomes,
      plans: { kept: plans.size, hits: plans.hits, misses: plans.misses },
      brokered_requests: [...this.holdings].reduce((sum, { requests }) => sum + requests, statistics.brokered),
      latency_microseconds: { plan: statistics.plan.percentiles(), start: statistics.start.percentiles() },
    };
  }

  stop(now: boolean): void {
    if (this.#stop === "no") this.#stop = "drain";
    this.#register.close();
    if (!now || this.#stop === "now") return;
    this.#stop = "now";
    this.#stopDeadline = performance.now() + END_TIMEOUT_MS;
    for (const connection of this.#connections) {
      if (connection.phase === "running" || connection.phase === "planned")
        connection.end("the daemon was told to stop");
    }
    this.#unsupervised.kill();
  }

  close(client: Client): void {
    const connection = client as Connection;
    if (!this.#connections.delete(connection)) return;
    this.#deadlines.forget(client);
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

  #welcome(fd: number): void {
    const connection = new Connection(fd, this);
    this.#connections.add(connection);
    this.#deadlines.moved(connection);
    this.epoll.add(fd, () => connection.onReadable());
    connection.greet();
  }

  /** About how many more fds this process may open. */
  #fdsLeft(): number {
    const limits = new BigUint64Array(2);
    syscall("prlimit64", 0, RLIMIT_NOFILE, 0, limits);
    const used =
      OWN_FDS + this.#connections.size + this.plans.size + this.#running * BROKER_FDS + this.#unsupervised.fds;
    return Number(limits[0]) - used;
  }

  #timeoutMs(): number {
    if (this.#slow.size > 0) return SLOW_RETRY_MS;
    let soonest = Number.POSITIVE_INFINITY;
    for (const { timeoutMs } of this.holdings) if (timeoutMs >= 0 && timeoutMs < soonest) soonest = timeoutMs;
    const first = Math.min(this.#deadlines.next, this.#stopDeadline, this.#register.due);
    const wait = Math.min(soonest, first - performance.now());
    return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : -1;
  }

  #expire(): void {
    for (const holding of this.holdings) holding.tick();
    this.#register.tick();
    for (const client of [...this.#slow]) {
      this.#slow.delete(client);
      client.flush();
    }
    for (const client of this.#deadlines.expired()) this.close(client);
  }
}
