/** Helpers: processes that wait for what may block (csrc/helper.h). */

import { addressOf, native } from "./library.ts";
import { syscall } from "./syscall.ts";

/** struct ll_help: kind, listener, id, from, to, flags, fd_flags, path. */
const HELP_SIZE = 64;
const HELPER_SIZE = 16;
const HELP_OPEN = 1;
const HELP_COPY = 2;
const SIGKILL = 9;

/** A running helper. */
export interface Helper {
  /** Readable once it is done. Owned; `endHelper` closes it. */
  readonly pidFd: number;
  readonly record: Uint8Array;
}

function start(help: DataView): Helper | number {
  const record = new Uint8Array(HELPER_SIZE);
  const result = native().ll_help_start(addressOf(new Uint8Array(help.buffer)), addressOf(record));
  if (result < 0) return result;
  return { pidFd: new DataView(record.buffer).getInt32(4, true), record };
}

/** What `startOpen` opens, and for whom. All fds are borrowed until the helper ended. */
export interface BlockingOpen {
  readonly listenerFd: number;
  readonly id: bigint;
  /** An O_PATH fd. */
  readonly pin: number;
  /** As open(2) takes them. */
  readonly flags: number;
  readonly closeOnExec: number;
}

/** Starts a helper that opens a pinned object and answers the request with it; -errno if there can be none. */
export function startOpen(open: BlockingOpen): Helper | number {
  const help = new DataView(new ArrayBuffer(HELP_SIZE));
  help.setUint32(0, HELP_OPEN, true);
  help.setInt32(4, open.listenerFd, true);
  help.setBigUint64(8, open.id, true);
  help.setInt32(24, open.flags, true);
  help.setUint32(28, open.closeOnExec, true);
  Buffer.from(help.buffer).write(`/proc/self/fd/${open.pin}`, 32, "latin1");
  return start(help);
}

/** Starts a helper that copies a file's content and syncs it; -errno if there can be none. */
export function startCopy(fromFd: number, toFd: number): Helper | number {
  const help = new DataView(new ArrayBuffer(HELP_SIZE));
  help.setUint32(0, HELP_COPY, true);
  help.setInt32(16, fromFd, true);
  help.setInt32(20, toFd, true);
  return start(help);
}

export function killHelper(helper: Helper): void {
  syscall("pidfd_send_signal", helper.pidFd, SIGKILL, 0, 0);
}

/** Waits for a helper's end and frees it. Its result: 0 or -errno, -EINTR if it was killed. */
export function endHelper(helper: Helper): number {
  return native().ll_help_end(addressOf(helper.record));
}
