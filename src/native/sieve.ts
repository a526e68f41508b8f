/** The sieve (csrc/broker/sieve.h): receives a listener's requests, and passes on by itself what is plainly on no list. */

import { AT_FDCWD, PATH_MAX } from "../kernel/file.ts";
import { SIEVE } from "../plan/layout.ts";
import { getField, setFields } from "../plan/struct.ts";
import { type Address, addressOf, native } from "./library.ts";
import { allocate, type Memory } from "./memory.ts";

/** What the broker's lists are, as far as a "no" goes. */
export interface SieveLists {
  /** What absolute paths start from; AT_FDCWD for our own root. Borrowed. */
  readonly rootFd: number;
  /** Every spelling of the policy's folders: binary strings. */
  readonly folders: readonly string[];
  /** The mounts that scratch folders are on. */
  readonly mounts: readonly number[];
  /** undefined for one that isn't there. */
  readonly files: readonly (SieveFile | undefined)[];
  /** Where mounts are on which lookups may have to wait: binary strings. */
  readonly slow: readonly string[];
}

/** A file by what it is: an inode's number has 64 bits. */
export interface SieveFile {
  readonly inode: number;
  readonly inodeHigh: number;
  readonly device: number;
  readonly deviceMinor: number;
}

/** LL_SIEVE_FOLDERS of struct ll_sieve_folder. */
const FOLDERS_SIZE = 64 * 256;
/** struct ll_sieve_file. */
const FILE_SIZE = 16;
const LISTED_AT = SIEVE.fields.listed.offset;
const PATH_SIZE_AT = SIEVE.fields.path_size.offset;

/** Strings, each with its NUL; the last one is empty. */
function stringList(texts: readonly string[]): Memory {
  const bytes = Buffer.from(`${texts.map((each) => `${each}\0`).join("")}\0`, "latin1");
  const memory = allocate(bytes.length);
  memory.bytes.set(bytes);
  return memory;
}

export class Sieve {
  /** Of the listener. Borrowed. */
  readonly fd: number;
  /** struct seccomp_notif, at its start: the request that `receive` left. */
  readonly request: DataView;
  /** Of struct ll_sieve. */
  readonly address: Address;
  readonly #memory = allocate(SIEVE.sizeBytes);
  readonly #path = allocate(PATH_MAX);
  /** Kept, because only their addresses are in the struct. */
  readonly #room = [allocate(2 * PATH_MAX + 1), allocate(PATH_MAX), allocate(FOLDERS_SIZE)] as const;
  /** What `use` was given, as C reads it. */
  lists: readonly Memory[] = [];

  constructor(listenerFd: number) {
    const [shown, real, folders] = this.#room;
    this.fd = listenerFd;
    this.request = this.#memory.view;
    this.address = addressOf(this.#memory.bytes);
    setFields(this.#memory.view, SIEVE, 0, {
      listener: listenerFd,
      root: AT_FDCWD,
      path: this.#path.address,
      shown: shown.address,
      real: real.address,
      folders: folders.address,
    });
  }

  /** From now on, requests that have nothing to do with the lists are passed on without being seen here. */
  use({ rootFd, folders, mounts, files, slow }: SieveLists): void {
    const names = stringList(folders);
    const slowNames = stringList(slow);
    const mountIds = allocate(8 * Math.max(mounts.length, 1));
    for (const [index, mount] of mounts.entries()) mountIds.view.setBigUint64(8 * index, BigInt(mount), true);
    const fileIds = allocate(FILE_SIZE * Math.max(files.length, 1));
    for (const [index, file] of files.entries()) {
      // No inode has the number 0.
      const { inode = 0, inodeHigh = 0, device = 0, deviceMinor = 0 } = file ?? {};
      for (const [word, value] of [inode, inodeHigh, device, deviceMinor].entries()) {
        fileIds.view.setUint32(FILE_SIZE * index + 4 * word, value, true);
      }
    }
    setFields(this.#memory.view, SIEVE, 0, {
      root: rootFd,
      names: names.address,
      slow: slowNames.address,
      mounts: mountIds.address,
      files: fileIds.address,
      mount_count: mounts.length,
      file_count: files.length,
      ready: 1,
    });
    this.lists = [names, slowNames, mountIds, fileIds];
  }

  /** How many requests were passed on. */
  get passed(): number {
    return Number(this.request.getBigUint64(SIEVE.fields.passed.offset, true));
  }

  /** Which of `SieveLists.files` the path leads to, magic links and all; -1 where that isn't known. */
  get listed(): number {
    return this.request.getUint32(LISTED_AT, true) - 1;
  }

  /** The path that `request` is about, as a binary string; undefined where it wasn't copied. */
  get path(): string | undefined {
    const size = this.request.getUint32(PATH_SIZE_AT, true);
    return size === 0 ? undefined : this.#path.bytes.latin1Slice(0, size);
  }

  /** Takes a request that was received elsewhere, for `receive` to give: a struct seccomp_notif. */
  take(request: Uint8Array): void {
    new Uint8Array(this.request.buffer, 0, request.length).set(request);
    setFields(this.request, SIEVE, 0, { received: 1, path_size: 0, listed: 0 });
  }

  /**
   * Receives a request, unless `Epoll` has done so. False when there is none for us: it was passed on, or its caller
   * was killed meanwhile. Blocks without one.
   */
  receive(): boolean {
    if (getField(this.request, SIEVE, 0, "received") === 1) {
      setFields(this.request, SIEVE, 0, { received: 0 });
      return true;
    }
    return native().ll_sieve_receive(this.address) === 1;
  }
}
