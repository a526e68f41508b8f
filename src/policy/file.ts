/** Reads a file that a person named, a policy or a plan, without trusting what stands at its path. */

import { UsageError } from "../base/errors.ts";
import { EACCES, EAGAIN, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, ENXIO } from "../kernel/errno.ts";
import { errnoName } from "../kernel/errno-names.ts";
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFCHR, S_IFDIR, S_IFIFO, S_IFREG, S_IFSOCK } from "../kernel/file.ts";
import { closeFile, type FileStatus, openFile, readInto, statusOf } from "../native/file.ts";
import { syscall } from "../native/syscall.ts";
import { NOT_UTF8 } from "./variables.ts";

/** What is read: as messages call it, and how long it may be. */
export interface FileKind {
  readonly noun: "policy" | "plan";
  readonly bytesMax: number;
}

/**
 * The bytes of a regular file. What is opened is what is checked and read; nothing here can wait for anyone: a FIFO is
 * opened without waiting for its writer, and then refused. Symlinks are followed.
 * @throws UsageError when it is missing, can't be read, isn't a regular file, or is too large.
 */
export function readRegularFile(path: string, kind: FileKind): Uint8Array {
  const { noun, bytesMax } = kind;
  if (path === "") throw new UsageError(`the ${noun} file's name is empty`);
  if (path.includes("\0")) throw new UsageError(`the ${noun} file's name holds a NUL`);
  if (path.includes(NOT_UTF8)) throw new UsageError(`the ${noun} file's name isn't UTF-8`);
  const fd = openFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) throw new UsageError(`${path}: cannot read the ${noun}: ${reasonOf(-fd)}`);
  try {
    const refusal = refusalOf(statusOf(fd), kind);
    if (refusal !== undefined) throw new UsageError(`${path}: ${refusal}`);
    // To the end, or to one byte more than is allowed: the file may grow meanwhile, or not know its size (/proc).
    const buffer = new Uint8Array(bytesMax + 1);
    const length = readInto(fd, buffer);
    if (length < 0) throw new UsageError(`${path}: cannot read the ${noun}: ${reasonOf(-length)}`);
    if (length > bytesMax) throw new UsageError(`${path}: ${tooLarge(kind)}`);
    return buffer.subarray(0, length);
  } finally {
    closeFile(fd);
  }
}

/** The names of an fd that this process was started with: what a shell makes of `<(…)`, and `-` for standard input. */
const FD_NAME = /^(?:\/dev\/fd|\/proc\/self\/fd)\/(\d{1,9})$/;

/** Of a name for such an fd; undefined for any other. */
function inheritedFd(path: string): number | undefined {
  if (path === STDIN || path === "/dev/stdin") return 0;
  const [, number] = FD_NAME.exec(path) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** The name by which standard input is given. */
export const STDIN = "-";

const STREAMS: readonly number[] = [S_IFIFO, S_IFSOCK, S_IFCHR];
const POLLIN = 1;

/**
 * What is left in a stream that this process was started with, to its end; undefined where the path names none: then it
 * is a file as any. Waits for whoever writes there, as every program that reads its standard input.
 * @throws UsageError when it can't be read, or is too large.
 */
export function readStream(path: string, kind: FileKind): Uint8Array | undefined {
  const fd = inheritedFd(path);
  const status = fd === undefined ? undefined : statusOf(fd);
  if (fd === undefined || status === undefined || typeof status === "number") return undefined;
  if (!STREAMS.includes(status.type) && path !== STDIN) return undefined;
  const buffer = new Uint8Array(kind.bytesMax + 1);
  let length = 0;
  while (length < buffer.length) {
    const count = readInto(fd, buffer.subarray(length));
    if (count === 0) break;
    // Its other end may have made it one that doesn't wait.
    if (count === -EAGAIN) syscall("ppoll", new Int32Array([fd, POLLIN]), 1, 0, 0, 0);
    else if (count < 0) throw new UsageError(`${path}: cannot read the ${kind.noun}: ${reasonOf(-count)}`);
    else length += count;
  }
  if (length > kind.bytesMax) throw new UsageError(`${path}: ${tooLarge(kind)}`);
  return buffer.subarray(0, length);
}

function tooLarge({ noun, bytesMax }: FileKind): string {
  return `the ${noun} is larger than ${bytesMax} bytes`;
}

function refusalOf(status: FileStatus | number, kind: FileKind): string | undefined {
  const { noun, bytesMax } = kind;
  if (typeof status === "number") return `cannot read the ${noun}: ${reasonOf(-status)}`;
  if (status.type === S_IFDIR) return `a ${noun} is a file, and this is a directory`;
  if (status.type === S_IFIFO) return `a ${noun} is a regular file, and this is a FIFO`;
  if (status.type !== S_IFREG) return `a ${noun} is a regular file, and this is a device or a socket`;
  if (status.sizeBytes > bytesMax) return tooLarge(kind);
  return undefined;
}

const REASONS: Readonly<Record<number, string>> = {
  [ENOENT]: "no such file",
  [EACCES]: "permission denied",
  [ENOTDIR]: "a part of its path is not a directory",
  [ELOOP]: "too many symbolic links",
  [ENAMETOOLONG]: "the name is too long",
  [ENXIO]: "it is a socket, or a device that isn't there",
};

/** Why a file can't be opened or read, by a positive errno. */
function reasonOf(errno: number): string {
  return REASONS[errno] ?? errnoName(errno);
}
