/** Signals for a thread that blocks in system calls: C catches them and writes them to a pipe. */

import { native } from "./library.ts";
import { syscall } from "./syscall.ts";

/** A caught signal. */
export interface Caught {
  readonly signal: number;
  /** si_code of sigaction(2): > 0 from the kernel (a terminal, a timer), <= 0 from another process. */
  readonly code: number;
}

const RECORD_SIZE = 12;
const records = new Int32Array((RECORD_SIZE / 4) * 64);

/** Catches these signals from now on. The pipe's read end, non-blocking; -errno. Called once in a process's life. */
export function openSignals(signals: readonly number[]): number {
  return native().ll_signals_open(signals.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n));
}

/** What has been caught since the last call. */
export function readSignals(fd: number): Caught[] {
  const size = syscall("read", fd, records, records.byteLength);
  const caught: Caught[] = [];
  for (let at = 0; at + RECORD_SIZE <= size; at += RECORD_SIZE) {
    caught.push({ signal: records[at / 4] ?? 0, code: records[at / 4 + 1] ?? 0 });
  }
  return caught;
}

/** struct sigaction of the kernel: handler, flags, restorer, mask. All zero is SIG_DFL. */
const SIGACTION_SIZE = 32;
const SIGSET_SIZE = 8;

/**
 * The default action of a signal that this process otherwise catches. Returns where that doesn't end the process: from a
 * stop when it is continued, or at once where the kernel drops the stop, in a process group that no shell watches.
 */
export function actByDefault(signal: number): void {
  const caught = new Uint8Array(SIGACTION_SIZE);
  syscall("rt_sigaction", signal, new Uint8Array(SIGACTION_SIZE), caught, SIGSET_SIZE);
  syscall("tgkill", syscall("getpid"), syscall("gettid"), signal);
  syscall("rt_sigaction", signal, caught, 0, SIGSET_SIZE);
}

const SIG_SETMASK = 2;

/** Blocks exactly these signals in this thread (bit n - 1: signal n); what waited for it is delivered. */
export function setBlocked(signals: bigint): void {
  syscall("rt_sigprocmask", SIG_SETMASK, new BigUint64Array([signals]), 0, SIGSET_SIZE);
}

/** Ends this process by a signal. Returns only where the signal doesn't end a process. */
export function die(signal: number): void {
  native().ll_die(signal);
}
