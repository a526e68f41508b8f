/** A daemon of the real executable, for one test. */
import { chmodSync, existsSync } from "node:fs";
import { connectTo, type Datagram, receiveDatagram, sendDatagram } from "../../src/native/socket.ts";
import { syscall } from "../../src/native/syscall.ts";
import type { Box } from "./box.ts";
import { type AuditEvent, landlockdPath, readEvents } from "./landlockd.ts";
import { argvAs, baseEnv, type ProcessResult, runProcess } from "./process.ts";
import { until } from "./within.ts";

export interface Daemon {
  readonly pid: number;
  readonly socket: string;
  /** Its end: status, signal, and what it wrote on stderr. */
  readonly ended: Promise<{ readonly status: number | null; readonly signal: string | null; readonly stderr: string }>;
  /** The daemon's own events so far. */
  events(): AuditEvent[];
  /** `landlockd status --json`. */
  status(): Promise<Record<string, never> & StatusJson>;
  kill(signal: NodeJS.Signals): void;
}

/** The parts of the report that tests look at. */
export interface StatusJson {
  readonly pid: number;
  readonly connections: number;
  readonly runs: { readonly now: number; readonly total: number; readonly direct: number; readonly refused: number };
  readonly outcomes: Readonly<Record<string, number>>;
  readonly plans: { readonly kept: number; readonly hits: number; readonly misses: number };
  readonly brokered_requests: number;
}

/** A folder for sockets, 0700. */
export function socketFolder(box: Box, name = "daemon"): string {
  const folder = box.mkdir(name);
  chmodSync(folder, 0o700);
  return folder;
}

/** Starts `landlockd serve` as the box's user and waits until it listens; it is killed with the box. */
export async function startDaemon(
  box: Box,
  flags: readonly string[] = [],
  prefix: readonly string[] = [],
  socket: string = `${socketFolder(box)}/socket`,
): Promise<Daemon> {
  const audit = box.path("daemon.jsonl");
  box.remove("daemon.jsonl");
  const argv = [...prefix, landlockdPath(), "serve", "--socket", socket, "--audit", audit, ...flags];
  const child = Bun.spawn(argvAs(box, argv), {
    env: baseEnv(box),
    cwd: box.dir,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const ended = Promise.all([child.stderr.text(), child.exited]).then(([stderr]) => ({
    status: child.signalCode === null ? child.exitCode : null,
    signal: child.signalCode === null ? null : String(child.signalCode),
    stderr,
  }));
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  const events = (): AuditEvent[] => readEvents(audit);
  await until("the daemon to listen", () => {
    if (child.exitCode !== null) throw new Error("the daemon ended before it listened");
    return existsSync(audit) && events().some((each) => each.event === "daemon.listen") ? true : undefined;
  });
  return {
    pid: child.pid,
    socket,
    ended,
    events,
    async status() {
      const result = await runProcess(box, [landlockdPath(), "status", "--socket", socket, "--json"]);
      if (result.status !== 0) throw new Error(`status: ${JSON.stringify(result)}`);
      return JSON.parse(result.stdout) as Record<string, never> & StatusJson;
    },
    kill: (signal) => child.kill(signal),
  };
}

/** `landlockd stop` as the box's user. */
export async function stopDaemon(box: Box, daemon: Daemon, flags: readonly string[] = []): Promise<ProcessResult> {
  return await runProcess(box, [landlockdPath(), "stop", "--socket", daemon.socket, ...flags]);
}

/** A connection of this process's own, for what no honest client sends. */
export interface RawClient extends Disposable {
  readonly fd: number;
  /** 0, or -errno. */
  send(bytes: Uint8Array, fds?: readonly number[]): number;
  /** Waits for one datagram; "closed" when the daemon hung up. */
  receive(timeoutMs?: number): Promise<Datagram | "closed">;
}

/** @throws Error where nobody listens */
export function connectRaw(socket: string): RawClient {
  const fd = connectTo(socket, true);
  if (fd < 0) throw new Error(`connect: errno ${-fd}`);
  let open = true;
  return {
    fd,
    send: (bytes, fds = []) => sendDatagram(fd, bytes, fds),
    receive: (timeoutMs = 30_000) =>
      until(
        "a datagram of the daemon",
        () => {
          const datagram = receiveDatagram(fd, false);
          return datagram === "empty" ? undefined : datagram;
        },
        timeoutMs,
      ),
    [Symbol.dispose]() {
      if (open) syscall("close", fd);
      open = false;
    },
  };
}
