/** Memory as an fd that nobody can change any more: memfd_create(2), F_ADD_SEALS in fcntl(2). */

import { EIO } from "../kernel/errno.ts";
import { cString, syscall } from "./syscall.ts";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
/** F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE. */
const ALL_SEALS = 0xf;
const SEEK_END = 2;

/** A sealed copy of the bytes, close-on-exec, owned by the caller; -errno. */
export function sealedCopy(name: string, bytes: Uint8Array): number {
  const fd = syscall("memfd_create", cString(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return fd;
  const written = bytes.length === 0 ? 0 : syscall("write", fd, bytes, bytes.length);
  const sealed = written === bytes.length ? syscall("fcntl", fd, F_ADD_SEALS, ALL_SEALS) : Math.min(written, -EIO);
  if (sealed >= 0) return fd;
  syscall("close", fd);
  return sealed;
}

/**
 * What a borrowed fd holds, if it is a memfd with every seal: reading one waits for nobody and can't change under the
 * reader. Undefined for anything else, and for more than `sizeMaxBytes`.
 */
export function readSealed(fd: number, sizeMaxBytes: number): Uint8Array | undefined {
  if ((syscall("fcntl", fd, F_GET_SEALS, 0) & ALL_SEALS) !== ALL_SEALS) return undefined;
  const size = syscall("lseek", fd, 0, SEEK_END);
  if (size < 0 || size > sizeMaxBytes) return undefined;
  const bytes = new Uint8Array(new ArrayBuffer(size));
  if (size > 0 && syscall("pread64", fd, bytes, size, 0) !== size) return undefined;
  return bytes;
}
