/**
 * The plan store: plans that the front can run without starting Bun. Written here, read by csrc/front/store.c. It is
 * only ever a shortcut: whatever is wrong with it, a run goes on without it and says nothing.
 */

import type { Host } from "../kernel/host.ts";
import { closeFile } from "../native/file.ts";
import { cString, syscall } from "../native/syscall.ts";
import { STORED, STORED_MAGIC } from "../plan/layout.ts";
import { setField, setFields } from "../plan/struct.ts";
import type { Policy } from "../policy/policy.ts";
import { makeRoom, PLAN_BYTES_MAX } from "./evict.ts";
import { canPlant } from "./grants.ts";
import { type Origin, planKey } from "./key.ts";
import { type Environment, openFolder, places } from "./place.ts";
import { secretKey } from "./secret.ts";
import { createNew } from "./write.ts";

/** Bytes of STORED that its MAC covers, in front of the plan. */
const MAC_OFFSET = STORED.fields.mac.offset;

function setWords(view: DataView, name: "key" | "mac", digest: Uint8Array): void {
  const words = new DataView(digest.buffer, digest.byteOffset);
  for (let index = 0; index < 8; index++) setField(view, STORED, 0, name, words.getUint32(index * 4, true), index);
}

/** The file of a plan: what csrc/front/store.c takes for authentic. */
export function storedPlan(plan: Uint8Array, key: Uint8Array, secret: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(STORED.sizeBytes + plan.byteLength);
  const view = new DataView(bytes.buffer);
  setFields(view, STORED, 0, { magic: STORED_MAGIC, plan_size: plan.byteLength, reserved: 0 });
  setWords(view, "key", key);
  bytes.set(plan, STORED.sizeBytes);
  const mac = new Bun.CryptoHasher("sha256", secret).update(bytes.subarray(0, MAC_OFFSET)).update(plan).digest();
  setWords(view, "mac", mac);
  return bytes;
}

/** The MAC of that file. */
export function planMac(plan: Uint8Array, key: Uint8Array, secret: Uint8Array): Uint8Array {
  return storedPlan(plan, key, secret).slice(MAC_OFFSET, STORED.sizeBytes);
}

export interface Keeping {
  readonly policy: Policy;
  readonly origin: Origin;
  readonly host: Host;
  readonly env: Environment;
  /** From the start record. */
  readonly build: Uint8Array;
}

function write(plansFd: number, keyFd: number, plan: Uint8Array, key: Uint8Array): void {
  const secret = secretKey(keyFd);
  if (secret === undefined) return;
  const bytes = storedPlan(plan, key, secret);
  if (bytes.byteLength > PLAN_BYTES_MAX) return;
  makeRoom(plansFd, bytes.byteLength);
  const temporary = createNew(plansFd, bytes);
  if (temporary === undefined) return;
  const name = Buffer.from(key).toString("hex");
  if (syscall("renameat", plansFd, cString(temporary), plansFd, cString(name)) < 0) {
    syscall("unlinkat", plansFd, cString(temporary), 0);
  }
}

/** Keeps a plan for the next run of the same. */
export function keepPlan(plan: Uint8Array, { policy, origin, host, env, build }: Keeping): void {
  const found = places(env);
  if (found === undefined || canPlant(policy, found.plans) || canPlant(policy, found.key)) return;
  const plansFd = openFolder(found.bases.plans, found.plans);
  const keyFd = openFolder(found.bases.key, found.key);
  if (plansFd !== undefined && keyFd !== undefined) write(plansFd, keyFd, plan, planKey(build, host, origin));
  if (plansFd !== undefined) closeFile(plansFd);
  if (keyFd !== undefined) closeFile(keyFd);
}
