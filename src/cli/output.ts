/** stdout and stderr, written synchronously: nothing is lost when this process becomes another or ends. */

import { EAGAIN, EBADF, EINTR, EPIPE } from "../kernel/errno.ts";
import { die } from "../native/signals.ts";
import { startState } from "../native/start.ts";
import { syscall } from "../native/syscall.ts";

const SIGPIPE = 13;
const POLLOUT = 4;
/** A policy can deny write(2) with an errno that means "again", to who is restricted and has a message to print. */
const REFUSED_MAX = 100;

/** stdout couldn't take what was asked for. */
export class OutputError extends Error {
  override readonly name: string = "OutputError";
  readonly errno: number;

  constructor(errno: number) {
    super(`cannot write to stdout: errno ${errno}`);
    this.errno = errno;
  }
}

function waitUntilWritable(fd: number): void {
  syscall("ppoll", new Int32Array([fd, POLLOUT]), 1, 0, 0, 0);
}

/** Writes all of it, also where the fd doesn't block. 0, or the positive errno that ended it. */
function writeAll(fd: number, text: string | Uint8Array): number {
  let rest: Uint8Array = Buffer.from(text);
  for (let refused = 0; rest.length > 0; ) {
    const written = syscall("write", fd, rest, rest.length);
    if (written > 0) {
      rest = rest.subarray(written);
      refused = 0;
      continue;
    }
    if ((written !== -EAGAIN && written !== -EINTR) || ++refused > REFUSED_MAX) return -written;
    if (written === -EAGAIN) waitUntilWritable(fd);
  }
  return 0;
}

/**
 * Prints what was asked for. A reader that went away ends us as it ends any tool: by SIGPIPE, unless that was ignored.
 * @throws OutputError
 */
export function writeOut(text: string | Uint8Array): void {
  // A closed stdout is /dev/null by now (csrc/front/record.c), so that no other file could take its place.
  const errno = (startState().closedFds & 2) === 0 ? writeAll(1, text) : EBADF;
  if (errno === EPIPE && (startState().ignored & (1n << BigInt(SIGPIPE - 1))) === 0n) die(SIGPIPE);
  if (errno !== 0) throw new OutputError(errno);
}

/** Prints a diagnostic. Where stderr takes none there is nobody left to tell. */
export function writeErr(text: string): void {
  writeAll(2, text);
}

/**
 * Ends this process at once. Not by `process.exit`: on its way out Bun puts terminal modes back to what they were when
 * it started, and so undoes what the workload did with stty (docs/bun-start.md).
 */
export function exit(status: number): never {
  syscall("exit_group", status);
  throw new Error("exit_group returned");
}
