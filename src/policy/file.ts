/** Reads a file that a person named, a policy or a plan, without trusting what stands at its path. */

import { UsageError } from "../base/errors.ts";
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, ENXIO } from "../kernel/errno.ts";
import { errnoName } from "../kernel/errno-names.ts";
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFDIR, S_IFIFO, S_IFREG } from "../kernel/file.ts";
import { closeFile, type FileStatus, openFile, readInto, statusOf } from "../native/file.ts";
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
