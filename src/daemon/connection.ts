/** One client of a daemon: what it may say when, and what comes of it. */

import type { AuditEvent } from "../audit/events.ts";
import { PolicyError, UnsupportedError, UsageError } from "../base/errors.ts";
import { POLICY_BYTES_MAX } from "../base/limits.ts";
import { VERSION } from "../base/version.ts";
import { ECHILD } from "../kernel/errno.ts";
import { readSealed, sealedCopy } from "../native/memfd.ts";
import { type Datagram, receiveDatagram, type Sender } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import { LAYOUT_DIGEST } from "../plan/digest.gen.ts";
import type { PolicySource } from "../policy/load.ts";
import { decodeFrame, type Frame, type KindName, numberOf } from "./frame.ts";
import type { Client, Holding, Office, Phase } from "./office.ts";
import { eventJson, type Fields, Outbox, type Sent } from "./outbox.ts";
import { differenceFrom, type Standing, standingOf } from "./peer.ts";
import type { KeptPlan } from "./plans.ts";
import { keepForNext, policyProof, proofOf } from "./proof.ts";
import { HELLO_NAMED_ONLY, PLAN_BROKERED, type RunRequest, readEnd, readRunRequest, STOP_NOW } from "./request.ts";
import { runEndOf } from "./statistics.ts";

/** Requests that one turn of the loop takes from one client: the others are waiting. */
const DATAGRAMS_PER_TURN = 4;

export class Connection implements Client {
  readonly fd: number;
  readonly #office: Office;
  #phase: Phase = "silent";
  /** Who made the request; nobody else may go on with it. */
  #pid = 0;
  #holding: Holding | undefined;
  #listenerFd = -1;
  #since = 0;
  #closed = false;
  readonly #outbox: Outbox;

  /** Takes over an accepted socket. */
  constructor(fd: number, office: Office) {
    this.fd = fd;
    this.#office = office;
    this.#outbox = new Outbox(fd);
  }

  /** Says who is here; a client waits for it, so that the kernel tells who sent what comes next. */
  greet(): void {
    this.#send("hello", [
      ["version", VERSION],
      ["layout", Buffer.from(LAYOUT_DIGEST, "hex")],
      ["flags", this.#office.policyDir === undefined ? 0 : HELLO_NAMED_ONLY],
    ]);
  }

  get listenerFd(): number {
    return this.#listenerFd;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Reads what the client says. */
  onReadable(): void {
    for (let turn = 0; turn < DATAGRAMS_PER_TURN; turn++) {
      const datagram = receiveDatagram(this.fd, false);
      if (datagram === "empty") return;
      if (datagram === "closed") {
        this.#office.close(this);
        return;
      }
      const { sender, fds } = datagram;
      const kept = this.#onDatagram(datagram);
      for (const fd of [...fds, sender?.pidFd ?? -1]) if (fd >= 0 && fd !== kept) syscall("close", fd);
      if (this.#closed) return;
    }
  }

  /** Tells the client to end its run. */
  end(message: string): void {
    this.#send("end", [["message", message]]);
  }

  /** Answers a client that waits for the daemon to stop. */
  report(json: string): void {
    this.#send("report", [["json", json]]);
  }

  /** Gives back what the connection held; the caller closes its fd. */
  release(): void {
    this.#closed = true;
    if (this.#holding !== undefined) {
      this.#office.statistics.brokered += this.#holding.requests;
      this.#office.holdings.delete(this.#holding);
      this.#holding.close();
      this.#holding = undefined;
      this.#listenerFd = -1;
    }
    if (this.#phase === "running") this.#office.ended("lost");
    this.#setPhase("over");
  }

  #setPhase(phase: Phase): void {
    const before = this.#phase;
    this.#phase = phase;
    if (phase !== before) this.#office.moved(this, before);
  }

  flush(): void {
    this.#tidy(this.#outbox.flush());
  }

  #send(kind: KindName, fields: Fields, fds: readonly number[] = []): void {
    this.#tidy(this.#outbox.send(kind, fields, fds));
  }

  #tidy(sent: Sent): void {
    if (sent === "later") this.#office.slow(this);
    else if (sent === "gone") this.#office.close(this);
  }

  #refuse(message: string, hint?: string): void {
    this.#office.statistics.refused += 1;
    this.#send("refused", [
      ["message", message],
      ["hint", hint],
    ]);
    this.#office.close(this);
  }

  /** @returns the fd that it keeps, if any. */
  #onDatagram(datagram: Datagram): number {
    const frame = datagram.truncated ? "longer than a request may be" : decodeFrame(datagram.bytes);
    if (typeof frame === "string") {
      this.#refuse(`not understood: ${frame}`);
      return -1;
    }
    if (this.#phase !== "silent") return this.#onContinuation(frame, datagram);
    const { sender } = datagram;
    const standing = this.#office.admit(sender);
    if (typeof standing === "string") this.#refuse(standing);
    else if (sender !== undefined) this.#onRequest(frame, datagram, sender, standing);
    return -1;
  }

  #onRequest(frame: Frame, datagram: Datagram, sender: Sender, standing: Standing): void {
    this.#pid = sender.pid;
    switch (frame.kind) {
      case "run":
        this.#onRun(frame, datagram, sender, standing);
        return;
      case "status":
        this.#office.requested("status");
        this.report(JSON.stringify(this.#office.status()));
        return;
      case "stop":
        this.#office.requested("stop");
        this.#setPhase("waiting");
        this.#office.stop(((numberOf(frame, "flags") ?? 0) & STOP_NOW) !== 0);
        return;
      default:
        this.#refuse(`not understood: ${frame.kind} comes too early`);
    }
  }

  #onRun(frame: Frame, datagram: Datagram, sender: Sender, standing: Standing): void {
    this.#since = performance.now();
    const request = readRunRequest(frame);
    if (typeof request === "string") {
      this.#refuse(`not understood: ${request}`);
      return;
    }
    this.#office.requested("run", request);
    try {
      if (sender.uid !== this.#office.uid) {
        throw new UsageError("this daemon holds only its own user's runs", "run without --socket");
      }
      if (this.#office.stopping) throw new UsageError("the daemon is stopping");
      const source = this.#sourceOf(request, datagram.fds);
      const { variables, bestEffort } = request;
      const plan = this.#planFor(() => this.#office.plans.get(source, variables, bestEffort, standing.capabilities));
      this.#answer(request, plan, source, sender, standing);
    } catch (error) {
      // The client compiles the same policy and says where and why; this is for one that finds nothing wrong.
      const hint = error instanceof UsageError ? error.hint : undefined;
      this.#refuse(error instanceof Error ? error.message : String(error), hint);
    }
  }

  /** The plan; or why only the client can tell: whether its host and rights are enough, or where a mistake is. */
  #planFor(get: () => KeptPlan): KeptPlan | string {
    try {
      return get();
    } catch (error) {
      if (error instanceof UnsupportedError) return error.message;
      if (error instanceof PolicyError && this.#office.policyDir !== undefined) return error.message;
      throw error;
    }
  }

  #sourceOf(request: RunRequest, fds: readonly number[]): PolicySource {
    const { policyDir, policyFile: file } = request;
    if (this.#office.policyDir !== undefined) return this.#office.namedPolicy(request.policyName);
    if (fds[0] === undefined && file.startsWith("built-in:")) return this.#office.builtInPolicy(file);
    const bytes = fds[0] === undefined ? undefined : readSealed(fds[0], POLICY_BYTES_MAX);
    if (bytes === undefined) throw new UsageError("the policy is not a sealed memfd");
    return { file, bytes, policyDir };
  }

  /** Becomes the broker of the run if it has one and this process can be it; otherwise why not. */
  #hold(plan: KeptPlan, wantsEvents: boolean, sender: Sender, standing: Standing): string | undefined {
    const difference = differenceFrom(sender.pid, standing, standingOf("self"));
    if (difference !== undefined) return difference;
    const emit = (event: AuditEvent): void => this.#send("audit", [["json", eventJson(event)]]);
    const holding = this.#office.broker.prepare(this.#office.epoll, plan.policy, wantsEvents ? emit : undefined);
    if (typeof holding === "string") return holding;
    this.#holding = holding;
    return undefined;
  }

  #answer(
    request: RunRequest,
    plan: KeptPlan | string,
    source: PolicySource,
    sender: Sender,
    standing: Standing,
  ): void {
    const { statistics } = this.#office;
    const brokered = typeof plan !== "string" && plan.compiled.report.supervised.includes("broker");
    let byItself = typeof plan === "string" ? plan : undefined;
    if (brokered) byItself = this.#hold(plan, request.audit, sender, standing);
    if (byItself !== undefined) statistics.direct += 1;
    const held = byItself === undefined && typeof plan !== "string" ? plan : undefined;
    const own = held === undefined ? undefined : proofOf(held, source, request);
    const chosen = this.#office.policyDir !== undefined;
    const mac = chosen ? policyProof(request.policyName ?? "", source) : own;
    const policyFd = chosen ? sealedCopy("landlockd-policy", source.bytes) : -1;
    this.#setPhase("planned");
    this.#send(
      held === undefined ? "direct" : "plan",
      [
        ["flags", brokered ? PLAN_BROKERED : 0],
        ["policy_file", source.file],
        ["policy_dir", source.policyDir],
        ["message", byItself],
        ["mac", mac], // of the policy where this daemon chose it, else of the plan
      ],
      [held?.fd ?? -1, policyFd].filter((fd) => fd >= 0),
    );
    if (chosen) syscall("close", policyFd);
    const now = performance.now();
    statistics.plan.add((now - this.#since) * 1000);
    this.#since = now;
    if (held !== undefined && own !== undefined) keepForNext(held, source, request);
  }

  /** @returns the fd that it keeps, if any. */
  #onContinuation(frame: Frame, { sender, fds }: Datagram): number {
    const allowed = sender !== undefined && sender.pid === this.#pid;
    if (allowed && frame.kind === "listener" && this.#phase === "planned") {
      return this.#onListener(fds[0] ?? -1);
    }
    if (allowed && frame.kind === "started" && this.#phase === "planned") {
      this.#office.statistics.start.add((performance.now() - this.#since) * 1000);
      this.#office.statistics.runs += 1;
      this.#setPhase("running");
    } else if (allowed && frame.kind === "becomes" && this.#phase === "planned" && this.#holding === undefined) {
      this.#office.becomes(sender, (performance.now() - this.#since) * 1000);
      this.#setPhase("over");
      return sender.pidFd;
    } else if (allowed && frame.kind === "ended" && (this.#phase === "planned" || this.#phase === "running")) {
      this.#onEnded(frame);
    } else {
      this.#refuse(allowed ? `not understood: ${frame.kind} comes out of turn` : "another process asked than goes on");
    }
    return -1;
  }

  #onListener(fd: number): number {
    const holding = this.#holding;
    if (fd < 0 || holding === undefined || this.#listenerFd >= 0) {
      this.#refuse("not understood: a listener where none is expected");
      return -1;
    }
    this.#listenerFd = fd;
    holding.attach(fd);
    this.#office.holdings.add(holding);
    return fd;
  }

  #onEnded(frame: Frame): void {
    const end = readEnd(frame) ?? { errno: ECHILD };
    const count = this.#holding?.requests ?? 0;
    this.#office.ended(runEndOf(end));
    this.#setPhase("over");
    this.#send("done", [
      ["count", count],
      ["lost", this.#outbox.lostEvents],
    ]);
  }
}
