/** Reads a policy file without trusting what stands at its path. */

import { UsageError } from "../base/errors.ts";
import { POLICY_BYTES_MAX } from "../base/limits.ts";
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, ENXIO } from "../kernel/errno.ts";
import { errnoName } from "../kernel/errno-names.ts";
import { O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFDIR, S_IFIFO, S_IFREG } from "../kernel/file.ts";
import { closeFile, type FileStatus, openFile, readInto, realPath, statusOf } from "../native/file.ts";
import { BUILT_IN, type PolicySource } from "./load.ts";
import { NOT_UTF8 } from "./variables.ts";

/**
 * The bytes of a policy file. What is opened is what is checked and read; nothing here can wait for anyone: a FIFO is
 * opened without waiting for its writer, and then refused.
 * @throws UsageError when it is missing, can't be read, isn't a regular file, or is too large.
 */
export function readPolicyFile(path: string): PolicySource {
  if (path === "") throw new UsageError("the policy file's name is empty");
  if (path.includes("\0")) throw new UsageError("the policy file's name holds a NUL");
  if (path.includes(NOT_UTF8)) throw new UsageError("the policy file's name isn't UTF-8");
  const fd = openPolicy(path);
  try {
    const refusal = refusalOf(statusOf(fd));
    if (refusal !== undefined) throw new UsageError(`${path}: ${refusal}`);
    const bytes = readAll(fd, path);
    // A file whose folder can't be told must not look like a policy of landlockd's own.
    const file = path.startsWith(BUILT_IN) ? `./${path}` : path;
    return { file, bytes, policyDir: realPath(folderOf(path)) };
  } finally {
    closeFile(fd);
  }
}

/** What precedes the last slash. `node:path` takes a start 0.2 ms. */
function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash + 1);
}

function openPolicy(path: string): number {
  const fd = openFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) throw new UsageError(`${path}: cannot read the policy: ${reasonOf(-fd)}`);
  return fd;
}

function refusalOf(status: FileStatus | number): string | undefined {
  if (typeof status === "number") return `cannot read the policy: ${reasonOf(-status)}`;
  if (status.type === S_IFDIR) return "a policy is a file, and this is a directory";
  if (status.type === S_IFIFO) return "a policy is a regular file, and this is a FIFO";
  if (status.type !== S_IFREG) return "a policy is a regular file, and this is a device or a socket";
  if (status.sizeBytes > POLICY_BYTES_MAX) return `the policy is larger than ${POLICY_BYTES_MAX} bytes`;
  return undefined;
}

/** Reads to the end, or to one byte more than is allowed: the file may grow meanwhile, or not know its size (/proc). */
function readAll(fd: number, path: string): Uint8Array {
  const buffer = new Uint8Array(POLICY_BYTES_MAX + 1);
  const length = readInto(fd, buffer);
  if (length < 0) throw new UsageError(`${path}: cannot read the policy: ${reasonOf(-length)}`);
  if (length > POLICY_BYTES_MAX) throw new UsageError(`${path}: the policy is larger than ${POLICY_BYTES_MAX} bytes`);
  return buffer.subarray(0, length);
}

const REASONS: Readonly<Record<number, string>> = {
  [ENOENT]: "no such file",
  [EACCES]: "permission denied",
  [ENOTDIR]: "a part of its path is not a directory",
  [ELOOP]: "too many symbolic links",
  [ENAMETOOLONG]: "the name is too long",
  [ENXIO]: "it is a socket, or a device that isn't there",
};

function reasonOf(errno: number): string {
  return REASONS[errno] ?? errnoName(errno);
}
