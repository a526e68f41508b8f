/** Socket activation and readiness: sd_listen_fds(3), sd_notify(3). */

import { UsageError } from "../base/errors.ts";
import { isListener, sendTo } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const LISTEN_FDS_START = 3;
const F_SETFD = 2;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = 0o4000;
/** The name that systemd/landlockd.socket gives its fd; systemd's default is the unit's name. */
const NAMES: readonly string[] = ["landlockd", "landlockd.socket", "unknown"];

/**
 * The fd that the service manager handed over, from LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. Pure.
 * @throws UsageError
 */
export function activationFd(env: Environment, pid: number): number {
  const { LISTEN_PID: forPid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = env;
  const hint = "--systemd is for a service with a socket unit; otherwise use --socket PATH";
  if (forPid === undefined || count === undefined)
    throw new UsageError("no socket was handed over: LISTEN_FDS is not set", hint);
  if (!/^\d+$/.test(forPid) || Number(forPid) !== pid) {
    throw new UsageError(`LISTEN_PID is ${JSON.stringify(forPid)}: the sockets are for another process`, hint);
  }
  if (count !== "1") throw new UsageError(`LISTEN_FDS is ${JSON.stringify(count)}: exactly one socket is expected`);
  if (names !== undefined && !NAMES.includes(names)) {
    throw new UsageError(`LISTEN_FDNAMES is ${JSON.stringify(names)}: expected FileDescriptorName=landlockd`);
  }
  return LISTEN_FDS_START;
}

/** The socket that was handed over, set close-on-exec and non-blocking. @throws UsageError */
export function activatedSocket(env: Environment): number {
  const fd = activationFd(env, syscall("getpid"));
  if (!isListener(fd)) {
    throw new UsageError(
      "the socket that was handed over is not one that listens for sequential packets",
      "ListenSequentialPacket=",
    );
  }
  syscall("fcntl", fd, F_SETFD, FD_CLOEXEC);
  syscall("fcntl", fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/** Tells the service manager, if there is one that asked. */
export function notify(env: Environment, state: string): void {
  const path = env["NOTIFY_SOCKET"];
  if (path === undefined || !(path.startsWith("/") || path.startsWith("@"))) return;
  sendTo(path, state);
}
