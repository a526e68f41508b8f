/** Reads a policy file without trusting what stands at its path. */

import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../base/errors.ts";
import { POLICY_BYTES_MAX } from "../base/limits.ts";
import type { PolicySource } from "./load.ts";

/**
 * The bytes of a policy file. What is opened is what is checked and read; nothing here can wait for anyone: a FIFO is
 * opened without waiting for its writer, and then refused.
 * @throws UsageError when it is missing, can't be read, isn't a regular file, or is too large.
 */
export function readPolicyFile(path: string): PolicySource {
  if (path === "") throw new UsageError("the policy file's name is empty");
  if (path.includes("\0")) throw new UsageError("the policy file's name holds a NUL");
  const fd = openPolicy(path);
  try {
    const refusal = refusalOf(fstatSync(fd));
    if (refusal !== undefined) throw new UsageError(`${path}: ${refusal}`);
    const bytes = readAll(fd, path);
    return { file: path, bytes, policyDir: realpathSync(dirname(path)) };
  } finally {
    closeSync(fd);
  }
}

function openPolicy(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (cause) {
    throw new UsageError(`${path}: cannot read the policy: ${reasonOf(cause)}`);
  }
}

function refusalOf(stats: Stats): string | undefined {
  if (stats.isDirectory()) return "a policy is a file, and this is a directory";
  if (stats.isFIFO()) return "a policy is a regular file, and this is a FIFO";
  if (!stats.isFile()) return "a policy is a regular file, and this is a device or a socket";
  if (stats.size > POLICY_BYTES_MAX) return `the policy is larger than ${POLICY_BYTES_MAX} bytes`;
  return undefined;
}

/** Reads to the end, or to one byte more than is allowed: the file may grow meanwhile, or not know its size (/proc). */
function readAll(fd: number, path: string): Uint8Array {
  const buffer = new Uint8Array(POLICY_BYTES_MAX + 1);
  let length = 0;
  while (length < buffer.length) {
    let count: number;
    try {
      count = readSync(fd, buffer, length, buffer.length - length, null);
    } catch (cause) {
      throw new UsageError(`${path}: cannot read the policy: ${reasonOf(cause)}`);
    }
    if (count === 0) return buffer.subarray(0, length);
    length += count;
  }
  throw new UsageError(`${path}: the policy is larger than ${POLICY_BYTES_MAX} bytes`);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  ENOTDIR: "a part of its path is not a directory",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  ENXIO: "it is a socket, or a device that isn't there",
};

function reasonOf(cause: unknown): string {
  const code = (cause as { readonly code?: string }).code ?? "unknown error";
  return REASONS[code] ?? code;
}
