/** Environments and arguments as the kernel has them: raw bytes, which needn't be UTF-8. */

/** The value of a variable in an environment of raw bytes. */
export function rawVariable(env: readonly Uint8Array[], name: string): Uint8Array | undefined {
  const prefix = Buffer.from(`${name}=`);
  const entry = env.find((each) => prefix.equals(each.subarray(0, prefix.length)));
  return entry?.subarray(prefix.length);
}
