/** The broker of one run: receives a request, lets it be decided and carried out, answers, records. */

import { EPOLLHUP, EPOLLIN, type Watch } from "../native/epoll.ts";
import type { Command, Done } from "../native/supervisor.ts";
import type { Verdict } from "./decide.ts";
import { Listener } from "./listener.ts";
import type { MountBroker } from "./mount/mount.ts";
import { open } from "./open.ts";
import { type Publication, Publisher } from "./publish/publish.ts";
import { type Audit, eventOf, pathsOf } from "./record.ts";
import { type Reply, result, sendReply, type Ticket } from "./reply.ts";
import { type EntryRequest, type OpenRequest, type Request, readRequest } from "./request.ts";
import type { Roots } from "./roots.ts";
import { Runner } from "./runner.ts";
import { onScratch } from "./scratch.ts";
import { hardenSelf, unprivileged } from "./self.ts";
import type { Steps } from "./steps.ts";
import { Unanswered } from "./unanswered.ts";
import { type Blocking, Waiting } from "./waiting.ts";
import { HERE, type Surroundings, World } from "./world.ts";

/** What was published goes on without its caller. */
interface Progress {
  settled: boolean;
}

const PUBLISH: Verdict = { decision: "publish" };

/** All that a request says. */
function textOf(request: EntryRequest): string {
  return JSON.stringify(request, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

export class Broker {
  readonly #world: World;
  readonly #audit: Audit | undefined;
  readonly #mounts: MountBroker | undefined;
  #listener: Listener | undefined;
  #watch: Watch | undefined;
  #waiting: Waiting | undefined;
  #runner: Runner | undefined;
  readonly #publisher = new Publisher();
  readonly #unanswered = new Unanswered();

  #requests = 0;
  #sifted: Roots | undefined;

  /** Owns the roots. */
  constructor(roots: Roots, audit: Audit | undefined, mounts?: MountBroker, surroundings: Surroundings = HERE) {
    this.#world = new World(roots, surroundings);
    this.#audit = audit;
    this.#mounts = mounts;
  }

  /** Told how to have the run's keeper do something: what mounts take. */
  useKeeper(keeper: (command: Command) => Done): void {
    this.#mounts?.useKeeper(keeper);
  }

  /** Requests so far. */
  get requests(): number {
    return this.#requests + (this.#listener?.sieve.passed ?? 0);
  }

  /**
   * Serves a listener from now on; it is owned. `shared`: the process has other work, for which it keeps its
   * capabilities.
   */
  attach(listenerFd: number, watch: Watch, shared = false): void {
    hardenSelf(!shared);
    const listener = new Listener(listenerFd);
    this.#listener = listener;
    this.#watch = watch;
    this.#waiting = new Waiting(watch);
    this.#runner = new Runner(this.#waiting);
    this.#sift(listener);
    const onEvents = (events: number): void => {
      // EPOLLHUP: nobody is left who could ask. EPOLLERR only says that a signal came while the kernel looked.
      if ((events & EPOLLIN) !== 0) unprivileged(() => this.#receive(listener));
      else if ((events & EPOLLHUP) !== 0) this.#detach();
    };
    watch.addSieve(listener.sieve, onEvents);
    this.#world.watch(watch, () => this.#sift(listener));
  }

  /** Tells the sieve what the lists are. */
  #sift(listener: Listener): void {
    const lists = this.#world.common;
    if (lists === undefined) return;
    listener.sieve.use({
      rootFd: lists.rootFd,
      folders: lists.folders.flatMap(({ spellings }) => spellings),
      mounts: lists.folders.filter(({ zone }) => zone === "scratch").map(({ stat }) => stat.mount),
      files: lists.files.map(({ stat }) => stat),
      slow: lists.slow.paths,
    });
    this.#sifted = lists;
  }

  /** Serves a request that was received before `attach`: a struct seccomp_notif. */
  serve(request: Uint8Array): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    listener.sieve.take(request);
    unprivileged(() => this.#receive(listener));
  }

  #receive(listener: Listener): void {
    if (!listener.receive()) return;
    this.#requests += 1;
    if (this.#mounts?.handles(listener.call) === true) {
      this.#mounts.serve(listener);
      return;
    }
    const roots = this.#world.rootsFor(listener.tid);
    if (this.#sifted !== this.#world.common) this.#sift(listener);
    const request = roots === undefined ? undefined : readRequest(listener);
    if (roots === undefined || request === undefined) listener.pass();
    else this.#serve(listener, roots, request);
  }

  #serve(listener: Listener, roots: Roots, request: Request): void {
    const ticket: Ticket = { id: listener.id, tid: listener.tid, listener };
    if (request.kind === "open") {
      this.#runner?.run(ticket, this.#open(ticket, roots, request));
      return;
    }
    if (listener.interruptible) this.#serveOnce(ticket, roots, request);
    else this.#carryOut(ticket, roots, request);
  }

  #carryOut(ticket: Ticket, roots: Roots, request: EntryRequest): void {
    const progress: Progress = { settled: false };
    this.#runner?.run(ticket, this.#change(ticket, roots, request, progress), () => progress.settled);
  }

  /** A caller that is interrupted asks again for what was done for it by then. */
  #serveOnce({ id, tid, listener }: Ticket, roots: Roots, request: EntryRequest): void {
    const call = `${listener.registers}${textOf(request)}`;
    const ticket: Ticket = { id, tid, listener, unheard: (value) => this.#unanswered.keep(tid, call, value) };
    const known = this.#unanswered.take(tid, call);
    if (known === undefined) this.#carryOut(ticket, roots, request);
    else sendReply(ticket, result(known));
  }

  *#open(ticket: Ticket, roots: Roots, request: OpenRequest): Steps<void> {
    const opened = yield* open({ ticket, roots, request, listed: ticket.listener.sieve.listed });
    if (opened.blocking !== undefined) this.#wait(ticket, request, opened.verdict, opened.blocking);
    else this.#finish(ticket, request, opened.verdict, opened.reply, opened.created === true);
    // A file of the lists may be there now that wasn't.
    const { verdict } = opened;
    if (opened.created === true && verdict.decision === "allow" && verdict.scope === "exception") {
      this.#sift(ticket.listener);
    }
  }

  *#change(ticket: Ticket, roots: Roots, request: EntryRequest, progress: Progress): Steps<void> {
    const done = yield* onScratch({ ticket, roots }, request);
    if (done.publication === undefined) this.#finish(ticket, request, done.verdict, done.reply, false);
    else yield* this.#publish(ticket, request, done.publication, progress);
  }

  /** Nobody else is to wait for what this open waits for. */
  #wait(ticket: Ticket, request: OpenRequest, verdict: Verdict, blocking: Blocking): void {
    const paths = this.#audit === undefined ? undefined : pathsOf(ticket.tid, request);
    this.#waiting?.open(ticket, blocking, request.flags, (value) => {
      const ending = { verdict, errno: -value, created: false };
      if (paths !== undefined) this.#audit?.(eventOf(ticket.tid, request, paths, ending));
    });
  }

  *#publish(ticket: Ticket, request: Request, publication: Publication, progress: Progress): Steps<void> {
    const paths = this.#audit === undefined ? undefined : pathsOf(ticket.tid, request);
    const record = (errno: number): void => {
      const ending = { verdict: PUBLISH, errno, created: false };
      if (paths !== undefined) this.#audit?.(eventOf(ticket.tid, request, paths, ending));
    };
    const value = yield* this.#publisher.publish(publication, () => {
      progress.settled = true;
      record(0);
    });
    const failed = sendReply(ticket, result(value));
    if (!progress.settled) record(failed);
  }

  #finish(ticket: Ticket, request: Request, verdict: Verdict, reply: Reply, created: boolean): void {
    const audit = verdict.decision === "pass" || reply.kind === "later" ? undefined : this.#audit;
    const paths = audit === undefined ? undefined : pathsOf(ticket.tid, request);
    const errno = sendReply(ticket, reply);
    if (paths !== undefined) audit?.(eventOf(ticket.tid, request, paths, { verdict, errno, created }));
  }

  /** Until `tick` is to be called; -1 if it needn't. */
  get timeoutMs(): number {
    return this.#runner?.isBusy === true ? 0 : (this.#waiting?.timeoutMs ?? -1);
  }

  /** Looks after what blocks. To be called after every wait. */
  tick(): void {
    unprivileged(() => {
      this.#waiting?.tick();
      this.#runner?.tick();
    });
  }

  #detach(): void {
    this.#waiting?.close();
    this.#runner?.close();
    this.#publisher.close();
    if (this.#listener === undefined) return;
    this.#requests += this.#listener.sieve.passed;
    this.#watch?.remove(this.#listener.fd);
    this.#listener.close();
    this.#listener = undefined;
  }

  /** Gives everything back; whoever still calls gets ENOSYS. */
  close(): void {
    this.#detach();
    this.#mounts?.close();
    this.#world.close();
  }
}
