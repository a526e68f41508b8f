/** Whether this process can mount in namespaces of its own, and why not: tried, then explained. */

import { fieldOf } from "../base/field.ts";
import { errnoName } from "../kernel/errno-names.ts";
import { canMount, type Host } from "../kernel/host.ts";
import { CLONE_NEWNS, CLONE_NEWUSER } from "../kernel/mount.ts";
import { OPS, STAGES } from "../plan/layout.ts";
import { readText } from "./file.ts";
import { addressOf, native } from "./library.ts";

function read(path: string): string {
  return (readText(path) ?? "").trim();
}

const sysctl = (name: string): string => read(`/proc/sys/${name.replaceAll(".", "/")}`);

/** `Seccomp: 2` in /proc/self/status: a filter is in force already, a container's as a rule. */
function isFiltered(): boolean {
  return fieldOf(read("/proc/self/status"), "Seccomp") === "2";
}

/** What the kernel's answer means, in the order in which the kernel itself asks. */
function reasonOf(asUser: boolean, stage: number, errno: number): string {
  const answer = errnoName(errno);
  if (stage === STAGES.clone && asUser) {
    if (sysctl("kernel.unprivileged_userns_clone") === "0")
      return "none (sysctl kernel.unprivileged_userns_clone is 0)";
    if (sysctl("user.max_user_namespaces") === "0") return "none (sysctl user.max_user_namespaces is 0)";
    if (answer === "EINVAL") return "none (the kernel has no user namespaces, CONFIG_USER_NS)";
    if (answer === "ENOSPC" || answer === "EUSERS") {
      return "no more of them (sysctl user.max_user_namespaces or user.max_mnt_namespaces, or 32 nested ones)";
    }
  }
  if (stage === STAGES.clone && isFiltered()) {
    return `none (clone: ${answer}: a seccomp filter is in force, as in a container without this privilege)`;
  }
  if (stage !== STAGES.clone && asUser && sysctl("kernel.apparmor_restrict_unprivileged_userns") === "1") {
    return "one without privileges (sysctl kernel.apparmor_restrict_unprivileged_userns is 1)";
  }
  if (stage === OPS.identity.id) return `one that can't be mapped (${answer} on /proc/self/uid_map or gid_map)`;
  if (stage === STAGES.clone) return `none (clone: ${answer})`;
  return `one that can't mount (${answer}: a Landlock domain, a security module or a seccomp filter is in force)`;
}

function refusal(asUser: boolean): string | undefined {
  const stage = new Uint32Array(1);
  const result = native().ll_probe_mounts(CLONE_NEWNS | (asUser ? CLONE_NEWUSER : 0), addressOf(stage));
  return result === 0 ? undefined : reasonOf(asUser, stage[0] ?? 0, -result);
}

/** The host, with what it says to mounts. Tries it as a run would: in a user namespace only where it takes one. */
export function probeNamespaces(host: Host): Host {
  const found = refusal(!canMount(host));
  return { ...host, namespaces: found === undefined ? {} : { refusal: found } };
}
