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

let privileged: boolean | undefined;

/**
 * Takes the process out of its own user's sight. `forGood`: the calling thread has no capabilities in effect from now
 * on; otherwise only inside `unprivileged`.
 */
export function hardenSelf(forGood: boolean): void {
  syscall("prctl", PR_SET_DUMPABLE, 0);
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
