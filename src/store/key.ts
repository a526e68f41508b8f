/**
 * The name of a stored plan: SHA-256 of all that it was compiled from, so that a stale one is never found. What is
 * hashed here, csrc/front/key.c hashes too, in the same order and framing.
 */

import type { Host } from "../kernel/host.ts";
import { AUDIT_ARCH } from "../kernel/syscalls.ts";
import { LAYOUT_DIGEST } from "../plan/digest.gen.ts";
import { BUILT_IN, type PolicySource } from "../policy/load.ts";
import type { VariableContext } from "../policy/variables.ts";

/** What a plan was compiled from, besides the host. */
export interface Origin {
  readonly source: PolicySource;
  readonly variables: VariableContext;
  /** The arguments of `--set`, as given. */
  readonly settings: readonly string[];
}

const BACKSLASH = 0x5c;

class Hash {
  readonly #hasher = new Bun.CryptoHasher("sha256");

  u32(number: number): void {
    this.#hasher.update(new Uint32Array([number]));
  }

  u64(number: bigint): void {
    this.#hasher.update(new BigUint64Array([number]));
  }

  bytes(bytes: Uint8Array): void {
    this.u64(BigInt(bytes.byteLength));
    this.#hasher.update(bytes);
  }

  text(text: string): void {
    this.bytes(Buffer.from(text));
  }

  end(): Uint8Array {
    return this.#hasher.digest();
  }
}

function addHost(hash: Hash, host: Host): void {
  hash.u32(AUDIT_ARCH[host.arch]);
  hash.text(host.release);
  hash.u32(host.uid);
  hash.u32(host.landlock.abi);
  hash.u32(host.landlock.errata);
  hash.u32(host.landlock.errno);
  hash.u32(host.seccomp.filter ? 1 : 0);
  hash.u32(host.seccomp.notify ? 1 : 0);
  hash.u64(host.capabilities);
}

/**
 * A variable that the text can't name without its letters counts only where they are; an escape of TOML can hide them.
 * The front has no text of a built-in policy: for that, every variable counts.
 */
function mayUse(name: string, bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return true;
  return bytes.includes(BACKSLASH) || Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(name);
}

function addVariables(hash: Hash, { source, variables }: Origin, bytes: Uint8Array | undefined): void {
  const { cwd, env, uid } = variables;
  const values: readonly (readonly [string, string | undefined])[] = [
    ["CWD", cwd],
    ["HOME", env["HOME"]],
    ["TMPDIR", env["TMPDIR"]],
    ["UID", String(uid)],
    ["POLICY_DIR", source.policyDir],
  ];
  for (const [name, value] of values) {
    const used = mayUse(name, bytes);
    if (!used) hash.u32(0);
    else if (value === undefined) hash.u32(1);
    else {
      hash.u32(2);
      hash.text(value);
    }
  }
}

/** Whether a policy comes with landlockd: the front knows it by its name alone. */
export function isBuiltIn({ file, policyDir }: PolicySource): boolean {
  return file.startsWith(BUILT_IN) && policyDir === undefined;
}

/** `build` names this landlockd: from the start record. */
export function planKey(build: Uint8Array, host: Host, origin: Origin): Uint8Array {
  const { file, bytes } = origin.source;
  const builtIn = isBuiltIn(origin.source);
  const hash = new Hash();
  hash.bytes(Buffer.from(LAYOUT_DIGEST, "hex"));
  hash.bytes(build);
  addHost(hash, host);
  hash.u32(builtIn ? 1 : 0);
  hash.bytes(builtIn ? Buffer.from(file.slice(BUILT_IN.length)) : bytes);
  addVariables(hash, origin, builtIn ? undefined : bytes);
  hash.u32(origin.settings.length);
  for (const setting of origin.settings) hash.text(setting);
  return hash.end();
}
