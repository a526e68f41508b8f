/** Whether a plan file is one for this host and this user. Pure; csrc/front/plan_file.c asks the same. */

import { canMount, type Host } from "../kernel/host.ts";
import { abiText, hostAbiText, rightNames, SCOPES, supportedScopes } from "../kernel/landlock.ts";
import { CLONE_NEWUSER } from "../kernel/mount.ts";
import type { PlanFile } from "./plan-file.ts";

/** What is in the way of running a plan here, and what to do about it. */
export interface Misfit {
  readonly message: string;
  readonly hint: string;
}

const HERE = "compile it where it is to run: landlockd compile";
const ELSEWHERE = "run it on a host that has it";

function landlockMisfit({ abi, neededAbi, missingScopes, plan }: PlanFile, host: Host): Misfit | undefined {
  const here = host.landlock.abi;
  const has = hostAbiText(here);
  if (here < neededAbi) {
    return { message: `the plan needs ${abiText(neededAbi)}; this host has ${has}`, hint: ELSEWHERE };
  }
  if (abi !== here && plan.ops.some(({ kind }) => kind === "note")) {
    return { message: `the plan goes without what ${abiText(abi)} lacks; this host has ${has}`, hint: HERE };
  }
  const more = rightNames(SCOPES, missingScopes & supportedScopes(here)).map((name) => `scope.${name}`);
  if (more.length === 0) return undefined;
  const message = `the plan was compiled for ${abiText(abi)}; this host has ${has}, and a run also gets ${more.join(", ")}`;
  return { message, hint: HERE };
}

/** With CAP_SYS_ADMIN mounts need no user namespace, and without it they can't do without. */
function mountMisfit({ plan }: PlanFile, host: Host): Misfit | undefined {
  if (plan.namespaces === 0) return undefined;
  const asUser = (plan.namespaces & CLONE_NEWUSER) !== 0;
  if (asUser && canMount(host)) {
    return { message: "the plan mounts as a user without CAP_SYS_ADMIN, and this one has it", hint: HERE };
  }
  if (!(asUser || canMount(host))) {
    return { message: "the plan mounts as a user with CAP_SYS_ADMIN, and this one lacks it", hint: HERE };
  }
  const refusal = host.namespaces?.refusal;
  if (refusal === undefined) return undefined;
  const needs = asUser ? "an unprivileged user namespace" : "a mount namespace";
  return { message: `the plan needs ${needs}; this host has ${refusal}`, hint: ELSEWHERE };
}

/** Undefined where this host enforces all of the plan. `uid` is the real user id. */
export function misfit(file: PlanFile, host: Host, uid: number): Misfit | undefined {
  if (file.uid !== undefined && file.uid !== uid) {
    return { message: `the plan has \${UID} of user ${file.uid} in it, and this is user ${uid}`, hint: HERE };
  }
  if (!host.seccomp.filter) {
    return { message: "the plan needs seccomp filters (CONFIG_SECCOMP_FILTER); this host has none", hint: ELSEWHERE };
  }
  return landlockMisfit(file, host) ?? mountMisfit(file, host);
}
