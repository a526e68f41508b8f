/** Bounded waits: a test that would hang fails with a reason instead. */

/**
 * Waits for `promise`, at most `timeoutMs`.
 *
 * @throws Error with what `onTimeout` returns when the time is over.
 */
export async function within<T>(timeoutMs: number, promise: Promise<T>, onTimeout: () => string): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(onTimeout())), timeoutMs);
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks again and again until `condition` gives something other than undefined, at most `timeoutMs`.
 *
 * @throws Error naming `what` when the time is over.
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number = 30_000,
): Promise<T> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await Bun.sleep(20)) {
    const found = await condition();
    if (found !== undefined) return found;
  }
  throw new Error(`waited in vain for ${what}`);
}
