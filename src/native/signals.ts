/** Signals for a thread that blocks in system calls: C catches them and writes them to a pipe. */

import { native } from "./library.ts";
import { syscall } from "./syscall.ts";

/** A caught signal. */
export interface Caught {
  readonly signal: number;
  /** si_code of sigaction(2): > 0 from the kernel (a terminal, a timer), <= 0 from another process. */
  readonly code: number;
}

/** struct signalfd_siginfo (signalfd(2)): u32 ssi_signo, i32 ssi_errno, i32 ssi_code, … */
const RECORD_SIZE = 128;
const RECORDS_MAX = 16;

/** Catches these signals from now on. The pipe's read end, non-blocking; -errno. Called once in a process's life. */
export function openSignals(signals: readonly number[]): number {
  return native().ll_signals_open(signals.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n));
}

/** What has been caught since the last call. */
export function readSignals(fd: number): Caught[] {
  const records = new Int32Array((RECORD_SIZE / 4) * RECORDS_MAX);
  const size = syscall("read", fd, records, records.byteLength);
  const caught: Caught[] = [];
  for (let at = 0; at + RECORD_SIZE <= size; at += RECORD_SIZE) {
    caught.push({ signal: records[at / 4] ?? 0, code: records[at / 4 + 2] ?? 0 });
  }
  return caught;
}

/** Ends this process by a signal. Returns only where the signal doesn't end a process. */
export function die(signal: number): void {
  native().ll_die(signal);
}
