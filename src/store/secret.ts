/** The user's own key: what it authenticates was written by a landlockd of this user. */

import { O_NOCTTY, O_NONBLOCK, O_RDONLY, S_IFREG } from "../kernel/file.ts";
import { closeFile, openPlain, readInto, statusIn, statusOf } from "../native/file.ts";
import { cString, syscall } from "../native/syscall.ts";
import { createNew } from "./write.ts";

const KEY_BYTES = 32;
const NAME = "key";

function readKey(folderFd: number): Uint8Array | undefined {
  const fd = openPlain(folderFd, NAME, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return undefined;
  const status = statusOf(fd);
  const key = new Uint8Array(KEY_BYTES);
  const own =
    typeof status !== "number" &&
    status.type === S_IFREG &&
    status.uid === syscall("geteuid") &&
    (status.permissions & 0o077) === 0 &&
    status.sizeBytes === KEY_BYTES;
  const length = own ? readInto(fd, key) : 0;
  closeFile(fd);
  return length === KEY_BYTES ? key : undefined;
}

/** Whether a key of ours is there that isn't whole: of a disk that was full or a power cut, and of use to nobody. */
function isDamaged(folderFd: number): boolean {
  const status = statusIn(folderFd, NAME);
  return (
    typeof status !== "number" &&
    status.type === S_IFREG &&
    status.uid === syscall("geteuid") &&
    (status.permissions & 0o077) === 0 &&
    status.sizeBytes !== KEY_BYTES
  );
}

/**
 * The key, made on the first use; undefined where what is there isn't only this user's. A key that another landlockd
 * makes at the same time is the one: link(2) replaces nothing.
 */
export function secretKey(folderFd: number): Uint8Array | undefined {
  const found = readKey(folderFd);
  if (found !== undefined) return found;
  const temporary = createNew(folderFd, crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
  if (temporary === undefined) return undefined;
  const names = [folderFd, cString(temporary), folderFd, cString(NAME)] as const;
  if (isDamaged(folderFd)) syscall("renameat2", ...names, 0);
  else syscall("linkat", ...names, 0);
  syscall("unlinkat", folderFd, cString(temporary), 0);
  return readKey(folderFd);
}
