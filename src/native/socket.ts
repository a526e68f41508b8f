/** UNIX sockets that keep datagrams apart, with fds and the sender's identity: unix(7), cmsg(3). */

import { EAGAIN, EINTR } from "../kernel/errno.ts";
import { addressOf } from "./library.ts";
import { syscall } from "./syscall.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
/** Linux 6.5. */
const SO_PASSPIDFD = 76;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const SCM_PIDFD = 4;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_CTRUNC = 8;
const MSG_TRUNC = 0x20;

/** Longest datagram that is sent or taken, in bytes. */
export const DATAGRAM_BYTES_MAX: number = 128 * 1024;
/** Most fds in one datagram. */
export const DATAGRAM_FDS_MAX = 4;
/** sizeof(sun_path), with its NUL. */
export const SOCKET_PATH_BYTES_MAX = 108;

/** Who sent a datagram, by the kernel's word. */
export interface Sender {
  /** As this process's PID namespace has it; 0 where it has none. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Owned by the receiver; -1 where the kernel gives none (before Linux 6.5). */
  readonly pidFd: number;
}

export interface Datagram {
  readonly bytes: Uint8Array;
  /** Close-on-exec; owned by the receiver. */
  readonly fds: readonly number[];
  readonly sender: Sender | undefined;
  /** It was longer, or had more fds, than is taken: what is here isn't all. */
  readonly truncated: boolean;
}

/** @throws Error where the path doesn't fit: the caller has made it short. */
function address(path: string): Uint8Array {
  const name = Buffer.from(path);
  if (name.length >= SOCKET_PATH_BYTES_MAX) throw new Error(`socket path of ${name.length} bytes`);
  // A leading @ is the abstract namespace, as systemd writes it.
  const bytes = new Uint8Array(2 + name.length + (name[0] === 0x40 ? 0 : 1));
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  if (name[0] === 0x40) bytes[2] = 0;
  return bytes;
}

function option(fd: number, name: number, size: number): Int32Array | undefined {
  const value = new Int32Array(size / 4);
  const length = new Uint32Array([size]);
  return syscall("getsockopt", fd, SOL_SOCKET, name, value, length) < 0 ? undefined : value;
}

/** A listening socket, non-blocking; -errno. The umask decides on the mode of what stands at `path`. */
export function listenAt(path: string, backlog: number): number {
  const fd = syscall("socket", AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  const name = address(path);
  let result = syscall("bind", fd, name, name.length);
  if (result >= 0) result = syscall("listen", fd, backlog);
  if (result >= 0) return fd;
  syscall("close", fd);
  return result;
}

/** A bound socket for datagrams that come without a connection, set to tell each one's sender; -errno. */
export function bindAt(path: string): number {
  const fd = syscall("socket", AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  tellSenders(fd);
  const name = address(path);
  const result = syscall("bind", fd, name, name.length);
  if (result >= 0) return fd;
  syscall("close", fd);
  return result;
}

/** No more datagrams come in; what is there can still be read. */
export function shutReading(fd: number): void {
  const SHUT_RD = 0;
  syscall("shutdown", fd, SHUT_RD);
}

function tellSenders(fd: number): void {
  const on = new Int32Array([1]);
  syscall("setsockopt", fd, SOL_SOCKET, SO_PASSCRED, on, 4);
  syscall("setsockopt", fd, SOL_SOCKET, SO_PASSPIDFD, on, 4);
}

/** A connected socket; -errno. With `block` it waits for room in the listener's queue, and blocks later too. */
export function connectTo(path: string, block: boolean): number {
  const fd = syscall("socket", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (block ? 0 : SOCK_NONBLOCK), 0);
  if (fd < 0) return fd;
  const name = address(path);
  let result = -EINTR;
  while (result === -EINTR) result = syscall("connect", fd, name, name.length);
  if (result >= 0) return fd;
  syscall("close", fd);
  return result;
}

/** The next connection, non-blocking, set to tell each datagram's sender; -errno. */
export function acceptFrom(listenFd: number): number {
  const fd = syscall("accept4", listenFd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) tellSenders(fd);
  return fd;
}

/** Two connected ends, owned, close-on-exec; -errno. */
export function connectedPair(): readonly [number, number] | number {
  const ends = new Int32Array(2);
  const result = syscall("socketpair", AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
  return result < 0 ? result : [ends[0] ?? -1, ends[1] ?? -1];
}

/** Who is at the other end: who connected, or who called listen(2). */
export function peerOf(fd: number): { readonly pid: number; readonly uid: number } | undefined {
  const credentials = option(fd, SO_PEERCRED, 12);
  return credentials === undefined ? undefined : { pid: credentials[0] ?? 0, uid: credentials[1] ?? -1 };
}

/** Whether an inherited fd is a listening UNIX socket that keeps datagrams apart. */
export function isListener(fd: number): boolean {
  const wanted = [
    [SO_DOMAIN, AF_UNIX],
    [SO_TYPE, SOCK_SEQPACKET],
    [SO_ACCEPTCONN, 1],
  ] as const;
  return wanted.every(([name, value]) => option(fd, name, 4)?.[0] === value);
}

/** The path that a socket was bound to; undefined where it has none. */
export function boundPath(fd: number): string | undefined {
  const bytes = new Uint8Array(2 + SOCKET_PATH_BYTES_MAX);
  const length = new Uint32Array([bytes.length]);
  if (syscall("getsockname", fd, bytes, length) < 0) return undefined;
  const name = bytes.subarray(2, length[0]);
  const end = name.indexOf(0);
  return end === 0 || name.length === 0
    ? undefined
    : Buffer.from(name.subarray(0, end < 0 ? undefined : end)).toString();
}

/** Sends one text to a datagram socket: sd_notify(3). 0 or -errno. */
export function sendTo(path: string, text: string): number {
  const fd = syscall("socket", AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  const name = address(path);
  const bytes = Buffer.from(text);
  const sent = syscall("sendto", fd, bytes, bytes.length, MSG_NOSIGNAL, name, name.length);
  syscall("close", fd);
  return Math.min(sent, 0);
}

/*
 * struct msghdr with one iovec behind it, and the memory that they point to: made once. The arrays stand on buffers of
 * their own, so that their addresses don't change.
 */
const header = new DataView(new ArrayBuffer(56 + 16));
const headerBytes = new Uint8Array(header.buffer);
/** Room for credentials (32), a pidfd (24) and the fds (16 + 4 each), aligned. */
const control = new DataView(new ArrayBuffer(32 + 24 + 16 + 4 * DATAGRAM_FDS_MAX));
const controlBytes = new Uint8Array(control.buffer);

let room: Uint8Array<ArrayBuffer> | undefined;

/** For the bytes of a datagram; made on the first use, because every run loads this module and few send one. */
function payload(): Uint8Array<ArrayBuffer> {
  room ??= new Uint8Array(new ArrayBuffer(DATAGRAM_BYTES_MAX));
  return room;
}

function prepare(payloadSize: number, controlSize: number): void {
  const base = addressOf(headerBytes);
  headerBytes.fill(0);
  header.setBigUint64(16, BigInt(base + 56), true);
  header.setBigUint64(24, 1n, true);
  if (controlSize > 0) header.setBigUint64(32, BigInt(addressOf(controlBytes)), true);
  header.setBigUint64(40, BigInt(controlSize), true);
  header.setBigUint64(56, BigInt(addressOf(payload())), true);
  header.setBigUint64(64, BigInt(payloadSize), true);
}

/** Sends one datagram without blocking, with borrowed fds. 0 or -errno (-EAGAIN: the other side doesn't read). */
export function sendDatagram(fd: number, bytes: Uint8Array, fds: readonly number[] = []): number {
  const controlSize = fds.length === 0 ? 0 : 16 + 4 * fds.length;
  payload().set(bytes);
  prepare(bytes.length, Math.ceil(controlSize / 8) * 8);
  if (controlSize > 0) {
    control.setBigUint64(0, BigInt(controlSize), true);
    control.setInt32(8, SOL_SOCKET, true);
    control.setInt32(12, SCM_RIGHTS, true);
    fds.forEach((each, index) => {
      control.setInt32(16 + 4 * index, each, true);
    });
  }
  for (;;) {
    const sent = syscall("sendmsg", fd, headerBytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent !== -EINTR) return Math.min(sent, 0);
  }
}

interface Control {
  readonly fds: number[];
  readonly sender: Sender | undefined;
}

/** Reads what came beside the bytes. */
function readControl(size: number): Control {
  const fds: number[] = [];
  let credentials: { pid: number; uid: number; gid: number } | undefined;
  let pidFd = -1;
  for (let at = 0; at + 16 <= size; ) {
    const length = Number(control.getBigUint64(at, true));
    const type = control.getInt32(at + 12, true);
    if (length < 16 || at + length > size) break;
    const word = (index: number): number => control.getInt32(at + 16 + 4 * index, true);
    if (type === SCM_RIGHTS) for (let index = 0; 16 + 4 * index < length; index++) fds.push(word(index));
    else if (type === SCM_CREDENTIALS) credentials = { pid: word(0), uid: word(1), gid: word(2) };
    else if (type === SCM_PIDFD) pidFd = word(0);
    at += Math.ceil(length / 8) * 8;
  }
  if (credentials === undefined && pidFd >= 0) syscall("close", pidFd);
  return { fds, sender: credentials === undefined ? undefined : { ...credentials, pidFd } };
}

/** One datagram; "empty" when there is none (only without blocking), "closed" at the end, or when it failed. */
export function receiveDatagram(fd: number, block: boolean): Datagram | "empty" | "closed" {
  prepare(DATAGRAM_BYTES_MAX, controlBytes.length);
  const received = syscall("recvmsg", fd, headerBytes, MSG_CMSG_CLOEXEC | (block ? 0 : MSG_DONTWAIT));
  if (received === -EINTR || received === -EAGAIN) return "empty";
  const controlSize = Number(header.getBigUint64(40, true));
  // The end has no sender; a datagram of no bytes has one, and may have fds.
  if (received < 0 || (received === 0 && controlSize === 0)) return "closed";
  return {
    bytes: payload().slice(0, received),
    truncated: (header.getUint32(48, true) & (MSG_TRUNC | MSG_CTRUNC)) !== 0,
    ...readControl(controlSize),
  };
}
