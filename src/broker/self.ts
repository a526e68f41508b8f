/**
 * What the broker's own process gives up. A workload of root's runs without capabilities, so what is opened for it must
 * be opened without them too: the thread that serves has none in effect while it does. And nobody of the same user may
 * look into the process or trace it.
 */

import { allocate } from "../native/memory.ts";
import { numberOf, syscall, syscallByNumber } from "../native/syscall.ts";

const PR_SET_DUMPABLE = 4;
const CAP_VERSION_3 = 0x20080522;
/** struct __user_cap_data_struct[2]: u32 effective, permitted, inheritable each. */
const EFFECTIVE = [0, 12] as const;

const header = allocate(8);
const had = allocate(24);
const none = allocate(24);
const capset = numberOf("capset");

/** Whether there are capabilities to do without. */
function readCapabilities(): boolean {
  header.view.setUint32(0, CAP_VERSION_3, true);
  if (syscall("capget", header.address, had.address) < 0) return false;
  had.bytes.copy(none.bytes);
  for (const at of EFFECTIVE) none.view.setUint32(at, 0, true);
  return EFFECTIVE.some((at) => had.view.getUint32(at, true) !== 0);
}

/** struct sched_attr (sched_setattr(2)): u32 size, policy, u64 flags, i32 nice, u32 priority, u64 runtime, … */
const schedule = allocate(48);
const SCHED_OTHER = 0;
const SCHED_FLAG_RESET_ON_FORK = 1;
/** The least that the kernel takes. */
const SLICE_NS = 100_000;

/**
 * Asks for short turns on the CPU (Linux 6.12; before, nothing comes of it): who wants little at a time gets it sooner.
 * Otherwise a request waits until those that keep all CPUs busy have used their turns up, of some milliseconds each.
 */
function takeShortTurns(): void {
  const { view, address } = schedule;
  if (syscall("sched_getattr", 0, address, schedule.bytes.length, 0) < 0) return;
  if (view.getUint32(4, true) !== SCHED_OTHER) return;
  view.setUint32(8, view.getUint32(8, true) | SCHED_FLAG_RESET_ON_FORK, true);
  view.setUint32(24, SLICE_NS, true);
  view.setUint32(28, 0, true);
  syscall("sched_setattr", 0, address, 0);
}

let privileged: boolean | undefined;

/**
 * Takes the process out of its own user's sight, and makes it answer promptly. `forGood`: the calling thread has no
 * capabilities in effect from now on; otherwise only inside `unprivileged`.
 */
export function hardenSelf(forGood: boolean): void {
  syscall("prctl", PR_SET_DUMPABLE, 0);
  takeShortTurns();
  privileged = readCapabilities();
  if (privileged && forGood) {
    syscallByNumber(capset, header.address, none.address);
    privileged = false;
  }
}

/** Runs `act` without capabilities in effect. */
export function unprivileged(act: () => void): void {
  if (privileged !== true) {
    act();
    return;
  }
  syscallByNumber(capset, header.address, none.address);
  try {
    act();
  } finally {
    syscallByNumber(capset, header.address, had.address);
  }
}
