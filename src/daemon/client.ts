/** The client's side: asks a daemon for a run, and tells it what becomes of it. Blocks only where nothing runs yet. */

import type { AuditEvent } from "../audit/events.ts";
import { LaunchError } from "../base/errors.ts";
import { POLICY_BYTES_MAX } from "../base/limits.ts";
import { VERSION } from "../base/version.ts";
import { EACCES, EAGAIN, ECONNREFUSED, EINTR, ENOENT, EPERM, EPROTOTYPE } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { S_IFSOCK } from "../kernel/file.ts";
import { statusAt } from "../native/file.ts";
import { readSealed, sealedCopy } from "../native/memfd.ts";
import { type Datagram, peerOf, receiveDatagram, sendDatagram } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import { LAYOUT_DIGEST } from "../plan/digest.gen.ts";
import type { PolicySource } from "../policy/load.ts";
import type { AuditingPartner } from "../run/options.ts";
import type { Outcome } from "../run/outcome.ts";
import { connectToDaemon } from "./address.ts";
import {
  bytesOf,
  decodeFrame,
  encodeFrame,
  type FieldValue,
  type Frame,
  type KindName,
  numberOf,
  type TagName,
  textOf,
} from "./frame.ts";
import { policyProof } from "./proof.ts";
import { HELLO_NAMED_ONLY, layoutOf, type RunRequest, STOP_NOW, writeRunRequest } from "./request.ts";
import type { StatusReport, StopReport } from "./statistics.ts";

/** The daemon said no, went away, or isn't one. */
export class DaemonError extends Error {
  override readonly name: string = "DaemonError";
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** How long a daemon may take for an answer to a request; one that drains says nothing for as long as its runs last. */
const ANSWER_TIMEOUT_MS = 30_000;
const DONE_TIMEOUT_MS = 2000;
const POLLIN = 1;

/** struct timespec; undefined for no end. */
function timespec(ms: number): BigInt64Array | undefined {
  if (!Number.isFinite(ms)) return undefined;
  return new BigInt64Array([BigInt(Math.floor(ms / 1000)), BigInt(Math.floor((ms % 1000) * 1_000_000))]);
}

function waitReadable(fd: number, timeoutMs: number): boolean {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const left = Math.max(0, end - performance.now());
    const polled = syscall("ppoll", new Int32Array([fd, POLLIN]), 1, timespec(left) ?? 0, 0, 0);
    if (polled !== -EINTR) return polled > 0;
  }
}

function isNoSocket(path: string): boolean {
  const status = statusAt(path);
  return typeof status !== "number" && status.type !== S_IFSOCK;
}

/** Why nobody could be reached, by what connect(2) says of a path. */
function unreachable(socket: string, errno: number): DaemonError {
  const why = errnoPhrase(errno);
  switch (errno) {
    case EPROTOTYPE:
      return new DaemonError(`${socket} is a socket of another kind, and not of a landlockd daemon: ${why}`);
    case EACCES:
    case EPERM:
      return new DaemonError(`cannot connect to ${socket}: ${why}`, "a daemon serves its own user only");
    case EAGAIN:
      return new DaemonError(`the daemon at ${socket} has more clients waiting than it takes: ${why}`);
    case ECONNREFUSED:
      if (isNoSocket(socket)) return new DaemonError(`${socket} is not a socket`);
      return new DaemonError(`no daemon answers at ${socket}: ${why}`, `start one: landlockd serve --socket ${socket}`);
    case ENOENT:
      return new DaemonError(`no daemon answers at ${socket}: ${why}`, `start one: landlockd serve --socket ${socket}`);
    default:
      return new DaemonError(`cannot connect to ${socket}: ${why}`);
  }
}

interface Received {
  readonly frame: Frame;
  readonly fds: readonly number[];
}

/** What a daemon answered to a request for a run. */
export interface Granted {
  /** Undefined where the daemon leaves the run to this process. */
  readonly partner: AuditingPartner | undefined;
  readonly policy: PolicySource;
}

/** A connection to a daemon. */
export class Daemon {
  readonly #socket: string;
  readonly #fd: number;
  /** Whether it chooses policies by name itself. */
  readonly namedOnly: boolean;

  /** Connects. `asks`: what is asked of it. @throws UsageError, DaemonError */
  constructor(socket: string, asks: "run" | "report") {
    this.#socket = socket;
    this.#fd = connectToDaemon(socket);
    if (this.#fd < 0) {
      throw unreachable(socket, -this.#fd);
    }
    this.#checkOwner(asks);
    const { frame } = this.#receive(ANSWER_TIMEOUT_MS);
    if (frame.kind !== "hello") throw this.#refusal(frame);
    const version = textOf(frame, "version");
    if (version !== VERSION || layoutOf(frame) !== LAYOUT_DIGEST) {
      throw new DaemonError(
        `the daemon at ${socket} is landlockd ${version}, and this is ${VERSION}`,
        `restart it: landlockd stop --socket ${socket}`,
      );
    }
    this.namedOnly = ((numberOf(frame, "flags") ?? 0) & HELLO_NAMED_ONLY) !== 0;
  }

  /**
   * Before anything is sent. A run's broker is whoever listens there: this user, or root (the service manager listens for its
   * services). Root may ask a user's daemon for a report.
   */
  #checkOwner(asks: "run" | "report"): void {
    const peer = peerOf(this.#fd);
    const uid = syscall("geteuid");
    if (peer !== undefined && (peer.uid === uid || peer.uid === 0 || (uid === 0 && asks === "report"))) return;
    throw new DaemonError(`the daemon at ${this.#socket} belongs to uid ${peer?.uid}, and this is uid ${uid}`);
  }

  /** @throws DaemonError */
  status(): StatusReport {
    this.#send("status", []);
    return this.#reported(ANSWER_TIMEOUT_MS) as StatusReport;
  }

  /** Returns when the daemon has stopped. @throws DaemonError */
  stop(now: boolean): StopReport {
    this.#send("stop", [["flags", now ? STOP_NOW : 0]]);
    return this.#reported(Number.POSITIVE_INFINITY) as StopReport;
  }

  #reported(timeoutMs: number): unknown {
    const { frame } = this.#receive(timeoutMs);
    if (frame.kind !== "report") throw this.#refusal(frame);
    return JSON.parse(textOf(frame, "json") ?? "null");
  }

  /**
   * Asks for a run of this policy; undefined where the daemon is to find it by the request's name.
   * @throws DaemonError
   */
  request(request: RunRequest, policy: PolicySource | undefined): Granted {
    const fd = policy === undefined ? -1 : sealedCopy("landlockd-policy", policy.bytes);
    const result = sendDatagram(this.#fd, writeRunRequest(request), fd < 0 ? [] : [fd]);
    if (fd >= 0) syscall("close", fd);
    if (result < 0) throw new DaemonError(`cannot send the request to the daemon: ${errnoPhrase(-result)}`);
    const { frame, fds } = this.#receive(ANSWER_TIMEOUT_MS);
    if (frame.kind !== "plan" && frame.kind !== "direct") throw this.#refusal(frame);
    const policyFd = fds[frame.kind === "plan" ? 1 : 0];
    const bytes = policyFd === undefined ? policy?.bytes : readSealed(policyFd, POLICY_BYTES_MAX);
    // The plan is for clients that compile none; this one has the same.
    for (const each of fds) syscall("close", each);
    if (bytes === undefined) throw new DaemonError("the daemon sent no policy");
    if (frame.kind === "direct") syscall("close", this.#fd);
    const file = textOf(frame, "policy_file") ?? request.policyFile;
    const chosen = { file, bytes, policyDir: textOf(frame, "policy_dir") };
    if (policy === undefined) this.#checkProof(request.policyName ?? "", chosen, frame);
    return { partner: frame.kind === "plan" ? new HeldRun(this.#fd) : undefined, policy: chosen };
  }

  /** Whoever listens there may be a workload that came to write the socket's folder. */
  #checkProof(name: string, chosen: PolicySource, frame: Frame): void {
    const proof = policyProof(name, chosen);
    const mac = bytesOf(frame, "mac");
    if (proof !== undefined && mac !== undefined && Buffer.from(proof).equals(mac)) return;
    throw new DaemonError(
      `the policy that came from ${this.#socket} isn't proven by this user's key`,
      "daemon and client need the same HOME: the key is in .local/state/landlockd there, and is no policy's to read",
    );
  }

  #send(kind: KindName, fields: readonly (readonly [TagName, FieldValue])[]): void {
    const result = sendDatagram(this.#fd, encodeFrame(kind, fields));
    if (result < 0) throw new DaemonError(`cannot send to the daemon: ${errnoPhrase(-result)}`);
  }

  #receive(timeoutMs: number): Received {
    for (;;) {
      if (!waitReadable(this.#fd, timeoutMs)) throw new DaemonError(`the daemon at ${this.#socket} doesn't answer`);
      const datagram = receiveDatagram(this.#fd, true);
      if (datagram === "empty") continue;
      if (datagram === "closed") throw new DaemonError(`the daemon at ${this.#socket} hung up`);
      return { frame: frameOf(datagram), fds: datagram.fds };
    }
  }

  #refusal(frame: Frame): DaemonError {
    const message = textOf(frame, "message");
    if (frame.kind === "refused" && message !== undefined) return new DaemonError(message, textOf(frame, "hint"));
    return new DaemonError(`the daemon at ${this.#socket} answered with ${frame.kind}`);
  }
}

function frameOf(datagram: Datagram): Frame {
  const frame = datagram.truncated ? "a datagram was cut off" : decodeFrame(datagram.bytes);
  if (typeof frame === "string") throw new DaemonError(`the daemon's answer is not understood: ${frame}`);
  return frame;
}

/** A run that a daemon holds. */
class HeldRun implements AuditingPartner {
  readonly fd: number;
  #sink: ((event: AuditEvent) => void) | undefined;
  #done = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  attach(sink: (event: AuditEvent) => void): void {
    this.#sink = sink;
  }

  onReadable(): Error | undefined {
    for (;;) {
      const datagram = receiveDatagram(this.fd, false);
      if (datagram === "empty") return undefined;
      if (datagram === "closed") return new DaemonError("the daemon went away, and the run was ended");
      try {
        const error = this.#onFrame(frameOf(datagram));
        if (error !== undefined) return error;
      } catch (error) {
        return error as Error;
      }
    }
  }

  listener(fd: number): void {
    // A daemon that doesn't take it hangs up, which ends the run.
    sendDatagram(this.fd, encodeFrame("listener"), [fd]);
    syscall("close", fd);
  }

  started(pid: number): void {
    sendDatagram(this.fd, encodeFrame("started", [["pid", pid]]));
  }

  becomes(): void {
    if (sendDatagram(this.fd, encodeFrame("becomes")) < 0) throw new DaemonError("the daemon went away");
  }

  ended(outcome: Outcome | Error): void {
    const field: readonly [TagName, number] =
      outcome instanceof Error
        ? ["errno", outcome instanceof LaunchError ? outcome.errno : 0]
        : ["status", outcome.kind === "exited" ? outcome.status << 8 : outcome.signal];
    if (sendDatagram(this.fd, encodeFrame("ended", [field])) < 0) return;
    const end = performance.now() + DONE_TIMEOUT_MS;
    while (!this.#done && performance.now() < end && waitReadable(this.fd, end - performance.now())) {
      if (this.onReadable() !== undefined) return;
    }
  }

  #onFrame(frame: Frame): Error | undefined {
    switch (frame.kind) {
      case "audit":
        this.#sink?.(JSON.parse(textOf(frame, "json") ?? "{}") as AuditEvent);
        return undefined;
      case "done":
        this.#done = true;
        return undefined;
      case "end":
      case "refused":
        return new DaemonError(`the run was ended: ${textOf(frame, "message") ?? "the daemon gave no reason"}`);
      default:
        return new DaemonError(`the daemon sent ${frame.kind} in the middle of a run`);
    }
  }
}
