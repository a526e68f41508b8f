/** Helpers: processes that wait for what may block (csrc/broker/helper.h). */

import { OPEN_HOW_SIZE_BYTES, PATH_MAX, STATX_SIZE_BYTES } from "../kernel/file.ts";
import { addressOf, native } from "./library.ts";
import { allocate, type Memory } from "./memory.ts";
import { receiveDatagram } from "./socket.ts";
import { numberOf, syscall } from "./syscall.ts";

/** struct ll_help: kind, listener, id, from, to, flags, fd_flags, path, mode, call, args. */
const HELP_SIZE = 112;
const PATH_AT = 32;
const MODE_AT = 64;
const CALL_AT = 68;
const ARGS_AT = 72;
const HELPER_SIZE = 16;
const HELP_OPEN = 1;
const HELP_COPY = 2;
const HELP_OPENAT2 = 3;
const HELP_CALL = 4;
const POLLIN = 1;

/** A running helper. */
export interface Helper {
  /** Readable once it is done. Owned; `endHelper` closes it. */
  readonly pidFd: number;
  readonly record: Uint8Array;
  /** What its work points to: it must not be collected before the helper's end. */
  readonly memory: readonly Memory[];
}

interface Work {
  readonly kind: number;
  readonly listenerFd?: number;
  readonly from?: number;
  readonly to?: number;
  readonly path?: string;
  readonly mode?: number;
  readonly call?: number;
  readonly args?: readonly number[];
}

function helpFor({
  kind,
  listenerFd = -1,
  from = -1,
  to = -1,
  path = "",
  mode = 0,
  call = 0,
  args = [],
}: Work): DataView {
  const help = new DataView(new ArrayBuffer(HELP_SIZE));
  help.setUint32(0, kind, true);
  help.setInt32(4, listenerFd, true);
  help.setInt32(16, from, true);
  help.setInt32(20, to, true);
  Buffer.from(help.buffer).write(path, PATH_AT, MODE_AT - PATH_AT - 1, "latin1");
  help.setUint32(MODE_AT, mode, true);
  help.setInt32(CALL_AT, call, true);
  args.forEach((value, index) => {
    help.setBigInt64(ARGS_AT + 8 * index, BigInt(value), true);
  });
  return help;
}

function start(help: DataView, memory: readonly Memory[] = []): Helper | number {
  const record = new Uint8Array(HELPER_SIZE);
  const result = native().ll_help_start(addressOf(new Uint8Array(help.buffer)), addressOf(record));
  if (result < 0) return result;
  return { pidFd: new DataView(record.buffer).getInt32(4, true), record, memory };
}

/** What `startOpen` opens, and for whom. All fds are borrowed until the helper ended. */
export interface BlockingOpen {
  readonly listenerFd: number;
  readonly id: bigint;
  /** An O_PATH fd. */
  readonly pin: number;
  /** As open(2) takes them. */
  readonly flags: number;
  readonly mode: number;
  readonly closeOnExec: number;
}

/** Starts a helper that opens a pinned object and answers the request with it; -errno if there can be none. */
export function startOpen({ listenerFd, id, pin, flags, mode, closeOnExec }: BlockingOpen): Helper | number {
  const help = helpFor({ kind: HELP_OPEN, listenerFd, from: pin, path: `/proc/self/fd/${pin}`, mode });
  help.setBigUint64(8, id, true);
  help.setInt32(24, flags, true);
  help.setUint32(28, closeOnExec, true);
  return start(help);
}

/** Starts a helper that copies a file's content, as long as it is then, and syncs it; -errno if there can be none. */
export function startCopy(fromFd: number, toFd: number): Helper | number {
  return start(helpFor({ kind: HELP_COPY, from: fromFd, to: toFd }));
}

/** A path as C string; a binary string. */
function textOf(path: string): Memory {
  const memory = allocate(PATH_MAX);
  memory.bytes.latin1Write(path.slice(0, PATH_MAX - 1), 0);
  return memory;
}

/** What a helper opens by path: openat2(2). */
export interface Opening {
  /** The folder to start from, or AT_FDCWD; or where `link` leads. Borrowed until the helper ended. */
  readonly dirFd: number;
  /** A path of landlockd's own to the folder to start from: /proc/PID/cwd. "" for none; at most 31 bytes. */
  readonly link: string;
  /** A binary string shorter than PATH_MAX. */
  readonly path: string;
  readonly flags: number;
  readonly mode: number;
  readonly resolve: number;
}

/** Starts a helper that opens and sends what it has opened over a socket, borrowed until it ended; -errno. */
export function startOpenat2(opening: Opening, socketFd: number): Helper | number {
  const text = textOf(opening.path);
  const how = allocate(OPEN_HOW_SIZE_BYTES);
  how.view.setUint32(0, opening.flags, true);
  how.view.setUint32(8, opening.mode, true);
  how.view.setUint32(16, opening.resolve, true);
  const args = [opening.dirFd, text.address, how.address, OPEN_HOW_SIZE_BYTES];
  const work = { kind: HELP_OPENAT2, from: opening.dirFd, to: socketFd, path: opening.link, args };
  return start(helpFor(work), [text, how]);
}

/** What came over the socket: an fd, owned, and its struct statx; undefined if nothing did. */
export function takeOpened(socketFd: number): { readonly fd: number; readonly statx: DataView } | undefined {
  const datagram = receiveDatagram(socketFd, false);
  const fd = typeof datagram === "string" ? undefined : datagram.fds[0];
  if (typeof datagram === "string" || fd === undefined) return undefined;
  if (datagram.bytes.length === STATX_SIZE_BYTES) {
    return { fd, statx: new DataView(datagram.bytes.buffer, datagram.bytes.byteOffset, STATX_SIZE_BYTES) };
  }
  syscall("close", fd);
  return undefined;
}

/** Starts a helper that makes a system call of at most five arguments: strings are paths, `fds` those among them. */
export function startCall(name: string, args: readonly (number | string)[], fds: readonly number[]): Helper | number {
  const memory: Memory[] = [];
  const values = args.map((each) => {
    if (typeof each === "number") return each;
    const text = textOf(each);
    memory.push(text);
    return text.address;
  });
  const [from = -1, to = -1] = fds;
  return start(helpFor({ kind: HELP_CALL, from, to, call: numberOf(name), args: values }), memory);
}

/** Whether it was killed: not while it hands a file over, which is done in a moment. */
export function killHelper({ record }: Helper): boolean {
  return native().ll_help_kill(addressOf(record)) === 1;
}

/** Waits for a helper's end, but not for longer than this. Whether `endHelper` would return at once. */
export function waitHelper({ pidFd }: Helper, timeoutMs: number): boolean {
  const poll = new DataView(new ArrayBuffer(8));
  poll.setInt32(0, pidFd, true);
  poll.setInt16(4, POLLIN, true);
  const time = new BigInt64Array([0n, BigInt(Math.round(timeoutMs * 1e6))]);
  return syscall("ppoll", new Uint8Array(poll.buffer), 1, new Uint8Array(time.buffer), 0, 0) > 0;
}

/** Waits for a helper's end and frees it. Its result: 0 or -errno, -EINTR if it was killed. */
export function endHelper(helper: Helper): number {
  return native().ll_help_end(addressOf(helper.record));
}
