/** `landlockd serve`: the daemon. */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { ArgsDef, CommandDef } from "citty";
import type { DaemonEvent } from "../audit/events.ts";
import { AuditWriter } from "../audit/writer.ts";
import { UsageError } from "../base/errors.ts";
import { bindSocket } from "../daemon/address.ts";
import { brokerService } from "../daemon/broker.ts";
import { Server } from "../daemon/server.ts";
import { activatedSocket, notify } from "../daemon/systemd.ts";
import { errnoName } from "../kernel/errno-names.ts";
import { boundPath } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";
import { type Parsed, parseFlags } from "./arguments.ts";
import { exit, writeErr } from "./output.ts";

export const SERVE_FLAGS: ArgsDef = {
  socket: {
    type: "string",
    valueHint: "SOCKET",
    description: "Listen there; its folder is this user's alone (0700), or sticky as /tmp is",
  },
  systemd: { type: "boolean", description: "Listen on the socket that the service manager hands over" },
  "policy-dir": { type: "string", valueHint: "DIR", description: "Hold only runs of policies in this folder, by name" },
  "allow-root": { type: "boolean", description: "Let root ask for status and stop as well" },
  audit: { type: "string", valueHint: "SINK", description: "Write the daemon's own events to a file, fd:N, or -" },
};

interface Listening {
  readonly fd: number;
  readonly path: string;
  readonly mode: "socket" | "systemd";
  readonly remove: () => void;
}

function listen(parsed: Parsed): Listening {
  const socket = parsed.value("socket");
  if (parsed.on("systemd")) {
    if (socket !== undefined) throw new UsageError("--socket and --systemd are both given", "choose one");
    const fd = activatedSocket(process.env);
    return { fd, path: boundPath(fd) ?? `fd ${fd}`, mode: "systemd", remove: () => {} };
  }
  if (socket === undefined)
    throw new UsageError("no socket is given", "landlockd serve --socket $XDG_RUNTIME_DIR/landlockd/socket");
  return { ...bindSocket(socket), mode: "socket" };
}

function policyDirOf(parsed: Parsed): string | undefined {
  const folder = parsed.value("policy-dir");
  if (folder === undefined) return undefined;
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true)
    throw new UsageError(`--policy-dir ${JSON.stringify(folder)}: there is no such folder`);
  return resolve(folder);
}

function reportBug(error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  writeErr(`landlockd: internal error in one run, please report it: ${detail.split("\n").join("\n  ")}\n`);
}

function serve(args: readonly string[]): never {
  const parsed = parseFlags(args, SERVE_FLAGS);
  if (parsed.positionals.length > 0)
    throw new UsageError(`unexpected argument ${JSON.stringify(parsed.positionals[0])}`);
  const sink = parsed.value("audit");
  const audit = sink === undefined ? undefined : AuditWriter.open(sink, { jobId: null, policyFile: "" });
  const emit = (event: DaemonEvent): void => audit?.write(event);
  const policyDir = policyDirOf(parsed);
  const { fd: listenFd, path: socket, mode, remove } = listen(parsed);
  const pid = syscall("getpid");
  try {
    const server = new Server({
      listenFd,
      socket,
      policyDir,
      allowRoot: parsed.on("allow-root"),
      broker: brokerService,
      emit,
      onBug: reportBug,
    });
    emit({ event: "daemon.listen", pid, socket, mode });
    // The build puts the JIT off, for programs that are over at once (Makefile). This one stays.
    Bun.unsafe.setJITPolicy(1);
    notify(process.env, "READY=1\nSTATUS=listening");
    server.run();
    notify(process.env, "STOPPING=1");
  } finally {
    remove();
  }
  emit({ event: "daemon.exit", pid, socket });
  const losses = audit?.close();
  if (losses !== undefined && losses.events > 0) {
    writeErr(`landlockd: ${losses.events} audit events were lost: ${errnoName(losses.errno)}\n`);
  }
  return exit(0);
}

export const command: CommandDef = {
  meta: { name: "serve", description: "Hold the runs of many clients: a daemon" },
  args: SERVE_FLAGS,
  run: ({ rawArgs }) => serve(rawArgs),
};
