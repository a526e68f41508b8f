/** How a run ended. Success and failure share one shape; the exit status is chosen in cli/. */

export type Outcome =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "signaled"; readonly signal: number };

/** Reads a wait status (wait(2), waitstatus.h). */
export function outcomeOf(waitStatus: number): Outcome {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? { kind: "exited", status: (waitStatus >> 8) & 0xff } : { kind: "signaled", signal };
}

/** The signal that stopped a process, from a wait status of a stopped one. */
export function stopSignalOf(waitStatus: number): number {
  return (waitStatus >> 8) & 0xff;
}
