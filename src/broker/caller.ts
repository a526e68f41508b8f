/**
 * What a request says beyond its registers: the caller's memory, working directory, open folders and umask. All of it
 * is copied once and good only if the request is still valid after the last copy (`Listener.isValid`): a pid that was
 * given away meanwhile would be somebody else's.
 */

import { fieldOf } from "../base/field.ts";
import { AT_FDCWD, O_PATH, PATH_MAX } from "../kernel/file.ts";
import { allocate, type Memory } from "../native/memory.ts";
import { numberOf, syscallByNumber } from "../native/syscall.ts";
import { close, openOwn, readOwnLink } from "./files.ts";

const PAGE_SIZE = 4096;
/** Most paths are short: a second copy is rarer than a dear first one. */
const FIRST_COPY = 256;
const DEFAULT_UMASK = 0o022;

const copied = allocate(PATH_MAX + 1);
/** struct iovec: ours, theirs. */
const vectors = allocate(32);
const processVmReadv = numberOf("process_vm_readv");
const read = numberOf("read");
/** Name, at most 64 bytes when escaped, and umask are the first two lines. */
const statusHead = allocate(256);
const STATUS_SIZE = 4096;

const TWO_32 = 0x1_0000_0000;
/** The first address that isn't a program's on any of the architectures: 57 bits, and what is beyond 53 isn't exact. */
const ADDRESS_MAX = 2 ** 53;

/** Writes a number into 64 bits. BigInts would be an allocation each. */
function set64(at: number, value: number): void {
  vectors.view.setUint32(at, value % TWO_32, true);
  vectors.view.setUint32(at + 4, value / TWO_32, true);
}

/** Copies memory of a thread: as many bytes as there are on mapped pages, or -errno (EPERM: it can't be read). */
function copyMemory(tid: number, address: number, into: number, size: number): number {
  set64(0, into);
  set64(8, size);
  set64(16, address);
  set64(24, size);
  return syscallByNumber(processVmReadv, tid, vectors.address, 1, vectors.address + 16, 1, 0);
}

/** The bytes up to the end of their page, so that what lies behind it needn't be mapped. */
function withinPage(address: number, most: number): number {
  return Math.min(most, PAGE_SIZE - (address % PAGE_SIZE));
}

/**
 * A path out of the caller's memory as a binary string; undefined where the kernel would refuse to read it too
 * (EFAULT, ENAMETOOLONG) or it can't be read by anybody else: then the kernel decides.
 */
export function copyPath(tid: number, address: number): string | undefined {
  if (address >= ADDRESS_MAX) return undefined;
  let size = 0;
  while (size < PATH_MAX) {
    const at = address + size;
    const wanted = withinPage(at, size === 0 ? FIRST_COPY : PATH_MAX - size);
    const got = copyMemory(tid, at, copied.address + size, wanted);
    if (got <= 0) return undefined;
    // A NUL behind what was copied, so that the search ends there.
    copied.bytes[size + got] = 0;
    const end = copied.bytes.indexOf(0, size);
    size += got;
    if (end < size) return copied.bytes.latin1Slice(0, end);
  }
  return undefined;
}

/** Bytes of the caller's memory, valid until the next copy; undefined unless all of them can be read. */
export function copyBytes(tid: number, address: number, size: number): Buffer | undefined {
  if (size > PATH_MAX || address >= ADDRESS_MAX || copyMemory(tid, address, copied.address, size) !== size)
    return undefined;
  return copied.bytes.subarray(0, size);
}

/** The magic link to the folder that a relative path starts from; at most 31 bytes. */
export function linkOfBase(tid: number, dirFd: number): string {
  return dirFd === AT_FDCWD ? `/proc/${tid}/cwd` : `/proc/${tid}/fd/${dirFd}`;
}

/** The folder that a relative path starts from, pinned; -errno. */
export function openBase(tid: number, dirFd: number): number {
  return openOwn(linkOfBase(tid, dirFd), O_PATH);
}

/** Where that folder is; undefined if it is none, or gone. Good for a "no" only: it may be elsewhere by now. */
export function pathOfBase(tid: number, dirFd: number): string | undefined {
  const path = readOwnLink(linkOfBase(tid, dirFd));
  return path?.startsWith("/") === true ? path : undefined;
}

/** The start of a file of /proc/TID as text; empty if it can't be read. */
function readProc(tid: number, name: "stat" | "status", memory: Memory): string {
  const fd = openOwn(`/proc/${tid}/${name}`, 0);
  if (fd < 0) return "";
  const size = syscallByNumber(read, fd, memory.address, memory.bytes.length);
  close(fd);
  return memory.bytes.latin1Slice(0, Math.max(size, 0));
}

const UMASK_LINE = "\nUmask:\t";

/** The caller's umask. */
export function umaskOf(tid: number): number {
  const text = readProc(tid, "status", statusHead);
  const at = text.indexOf(UMASK_LINE);
  return at < 0 ? DEFAULT_UMASK : Number.parseInt(text.slice(at + UMASK_LINE.length, at + UMASK_LINE.length + 4), 8);
}

/** When a thread began (starttime of proc_pid_stat(5)): together with its number it names it. Undefined: it is gone. */
export function birthOf(tid: number): string | undefined {
  const text = readProc(tid, "stat", allocate(STATUS_SIZE));
  // The name before it may have spaces and parentheses of its own.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

/** SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU; bit n - 1: signal n. */
const STOPS = 0b1111n << 18n;

/** Whether a signal waits for the caller that it has a handler for, or is stopped by, and doesn't block. */
export function hasSignal(tid: number): boolean {
  const text = readProc(tid, "status", allocate(STATUS_SIZE));
  const mask = (name: string): bigint => BigInt(`0x${fieldOf(text, name) ?? "0"}`);
  const taken = mask("SigCgt") | (STOPS & ~mask("SigIgn"));
  return ((mask("SigPnd") | mask("ShdPnd")) & taken & ~mask("SigBlk")) !== 0n;
}
