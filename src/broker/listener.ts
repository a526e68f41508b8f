/**
 * A seccomp listener (seccomp_unotify(2)): one request at a time, received into memory that is used again. A sieve in
 * front of it passes on what is plainly none of the broker's business.
 * Two things differ between kernels and are found out by trying: waking on the same CPU, and whether a request that was
 * received can still be interrupted, which decides how a file is handed over (csrc/broker/listener.h).
 */

import { EINTR } from "../kernel/errno.ts";
import {
  SECCOMP_IOCTL_NOTIF_ID_VALID,
  SECCOMP_IOCTL_NOTIF_SEND,
  SECCOMP_IOCTL_NOTIF_SET_FLAGS,
  SECCOMP_NOTIF_RESP_SIZE_BYTES,
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP,
  SECCOMP_USER_NOTIF_FLAG_CONTINUE,
} from "../kernel/seccomp.ts";
import { addressOf, native } from "../native/library.ts";
import { allocate } from "../native/memory.ts";
import { Sieve } from "../native/sieve.ts";
import { numberOf, syscall, syscallByNumber } from "../native/syscall.ts";

/** In struct seccomp_notif: u64 id, u32 pid, u32 flags, then seccomp_data: i32 nr, u32 arch, u64 ip, u64 args[6]. */
const NOTIF_PID = 8;
const NOTIF_NR = 16;
const NOTIF_ARGS = 32;
const NOTIF_DATA_SIZE = 64;
/** In struct seccomp_notif_resp: u64 id, s64 val, s32 error, u32 flags. */
const RESP_VAL = 8;
const RESP_ERROR = 16;
const RESP_FLAGS = 20;

const TWO_32 = 0x1_0000_0000;

/** Names a request; valid until it was answered or its caller is gone. */
export type RequestId = bigint;

export class Listener {
  /** Owned. */
  readonly fd: number;
  readonly sieve: Sieve;
  readonly #request: DataView;
  readonly #response = allocate(SECCOMP_NOTIF_RESP_SIZE_BYTES);
  readonly #id = allocate(8);
  readonly #ioctl = numberOf("ioctl");
  readonly #steps = native().ll_handing_steps();

  constructor(fd: number) {
    this.fd = fd;
    this.sieve = new Sieve(fd);
    this.#request = this.sieve.request;
    // EINVAL before Linux 6.6.
    syscall("ioctl", fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  }

  /** The path that the request is about, where the sieve has copied it: of opens. A binary string. */
  get path(): string | undefined {
    return this.sieve.path;
  }

  /** Receives a request; false when there is none for us (passed on, or its caller is gone). Blocks without one. */
  receive(): boolean {
    return this.sieve.receive();
  }

  /** Whether a signal may interrupt what is being done for a request: before Linux 5.19. */
  get interruptible(): boolean {
    return this.#steps === 1;
  }

  /** The call with its arguments as the registers have them: a struct seccomp_data, as a binary string. */
  get registers(): string {
    const { buffer, byteOffset } = this.#request;
    return Buffer.from(buffer, byteOffset + NOTIF_NR, NOTIF_DATA_SIZE).toString("latin1");
  }

  get id(): RequestId {
    return this.#request.getBigUint64(0, true);
  }

  /** The thread that calls, as this process sees it; 0 where it can't be seen. */
  get tid(): number {
    return this.#request.getUint32(NOTIF_PID, true);
  }

  /** The number of the system call. */
  get call(): number {
    return this.#request.getInt32(NOTIF_NR, true);
  }

  /** The lower half of an argument: all that the kernel looks at in an int. */
  argument(index: number): number {
    return this.#request.getUint32(NOTIF_ARGS + 8 * index, true);
  }

  /** An argument as int: a directory fd, say. */
  signedArgument(index: number): number {
    return this.#request.getInt32(NOTIF_ARGS + 8 * index, true);
  }

  /** A pointer; exact below 2^53. */
  pointer(index: number): number {
    const view = this.#request;
    return view.getUint32(NOTIF_ARGS + 8 * index + 4, true) * TWO_32 + view.getUint32(NOTIF_ARGS + 8 * index, true);
  }

  /** All of an argument: a size. */
  wideArgument(index: number): bigint {
    return this.#request.getBigUint64(NOTIF_ARGS + 8 * index, true);
  }

  /** Whether the caller still waits: only then was what was read about it read about it, not about who got its pid. */
  isValid(id: RequestId = this.id): boolean {
    this.#id.view.setBigUint64(0, id, true);
    return this.#call(SECCOMP_IOCTL_NOTIF_ID_VALID, this.#id.address) === 0;
  }

  /** The kernel runs the call as if there were no broker. */
  pass(): void {
    // The id is copied as bytes: nearly all requests end here.
    this.#response.view.setUint32(0, this.#request.getUint32(0, true), true);
    this.#response.view.setUint32(4, this.#request.getUint32(4, true), true);
    this.#sendRest(0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  }

  /** The same for a request that may no longer be the one at hand. */
  passLater(id: RequestId): void {
    this.#send(id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  }

  /** The call returns 0, or fails: `result` as a raw system call's. False: nobody waits for it any more. */
  answer(result: number, id: RequestId = this.id): boolean {
    return this.#send(id, result < 0 ? 0 : result, Math.min(result, 0), 0);
  }

  /**
   * The call returns a new fd of the caller's for one of ours, which is closed before the caller runs on. 0, or the -errno
   * that the caller sees instead (EMFILE: it has no room; ENOENT: it is gone).
   */
  answerFd(fd: number, closeOnExec: number, id: RequestId = this.id): number {
    this.#id.view.setBigUint64(0, id, true);
    return native().ll_give_fd(this.fd, addressOf(this.#id.bytes), fd, closeOnExec, this.#steps);
  }

  /** ENOENT: the caller is gone, or was interrupted, and nobody waits for the answer. */
  #send(id: RequestId, value: number, error: number, flags: number): boolean {
    this.#response.view.setBigUint64(0, id, true);
    return this.#sendRest(value, error, flags);
  }

  #sendRest(value: number, error: number, flags: number): boolean {
    const { view } = this.#response;
    view.setInt32(RESP_VAL, value, true);
    view.setInt32(RESP_VAL + 4, 0, true);
    view.setInt32(RESP_ERROR, error, true);
    view.setUint32(RESP_FLAGS, flags, true);
    return this.#call(SECCOMP_IOCTL_NOTIF_SEND, this.#response.address) === 0;
  }

  /** EINTR: a signal came while the kernel waited for the listener's lock, and nothing is done. */
  #call(request: number, address: number): number {
    for (;;) {
      const result = syscallByNumber(this.#ioctl, this.fd, request, address);
      if (result !== -EINTR) return result;
    }
  }

  close(): void {
    syscall("close", this.fd);
  }
}
