/**
 * The proof that a plan is the one for a request: the MAC of its file in the plan store, by the user's own key. A client
 * that compiles nothing itself runs no other plan: whoever may bind the daemon's socket, a workload among them, could
 * answer in its place, but can't read the key. So with the policies of a daemon that chooses them itself.
 */

import { closeFile, statusAt } from "../native/file.ts";
import { startState } from "../native/start.ts";
import { encodePlan } from "../plan/encode.ts";
import type { PolicySource } from "../policy/load.ts";
import { type Origin, planKey } from "../store/key.ts";
import { keyPlace, openFolder, places } from "../store/place.ts";
import { secretKey } from "../store/secret.ts";
import { keepPlan, planMac } from "../store/store.ts";
import type { KeptPlan } from "./plans.ts";
import type { RunRequest } from "./request.ts";

function readSecret(): Uint8Array | undefined {
  const found = keyPlace(startState().env);
  const folderFd = found === undefined ? undefined : openFolder(found.base, found.folder);
  if (folderFd === undefined) return undefined;
  const secret = secretKey(folderFd);
  closeFile(folderFd);
  return secret;
}

let known: Uint8Array | undefined;

/** The user's own key, made if there is none; undefined where it has no place. */
export function ownSecret(): Uint8Array | undefined {
  known ??= readSecret();
  return known;
}

function originOf(source: PolicySource, { variables }: RunRequest): Origin {
  const settings = [...variables.set].map(([name, value]) => `${name}=${value}`);
  return { source, variables, settings };
}

/** Puts the plan of a run that nobody stays for into the store, so that the next run of it needs no answer; one that is there stays as it is. */
export function keepForNext(kept: KeptPlan, source: PolicySource, request: RunRequest): void {
  const { build, env } = startState();
  const { supervised, fleeting } = kept.compiled.report;
  if (build === undefined || supervised.length > 0 || fleeting === true) return;
  const plans = places(env)?.plans;
  if (plans === undefined) return;
  const origin = originOf(source, request);
  const name = Buffer.from(planKey(build, kept.host, origin)).toString("hex");
  if (typeof statusAt(`${plans}/${name}`) !== "number") return;
  keepPlan(encodePlan(kept.compiled.plan), { policy: kept.policy, origin, host: kept.host, env, build });
}

/** Undefined where there is no key, or more to be told about the run than a client without a compiler can. */
export function proofOf(kept: KeptPlan, source: PolicySource, request: RunRequest): Uint8Array | undefined {
  const { build } = startState();
  const secret = ownSecret();
  if (build === undefined || secret === undefined || request.bestEffort || kept.compiled.report.unsupported.length > 0)
    return undefined;
  const key = planKey(build, kept.host, originOf(source, request));
  return planMac(encodePlan(kept.compiled.plan), key, secret);
}

/** Proves what a daemon chose for a policy's name; undefined where there is no key. */
export function policyProof(name: string, { file, policyDir, bytes }: PolicySource): Uint8Array | undefined {
  const secret = ownSecret();
  if (secret === undefined) return undefined;
  const mac = new Bun.CryptoHasher("sha256", secret);
  for (const part of ["landlockd policy", name, file, policyDir ?? "", bytes]) {
    const raw = typeof part === "string" ? Buffer.from(part) : part;
    mac.update(new BigUint64Array([BigInt(raw.byteLength)]));
    mac.update(raw);
  }
  return mac.digest();
}
