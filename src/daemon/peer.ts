/**
 * Who asks. A daemon serves its own user, and nobody who is in a sandbox: a job must not get a laxer policy by asking
 * the daemon that runs it. What tells a sandbox is what can't be undone: no_new_privs and seccomp filters, and every
 * landlockd run has both. They are compared with those of the process that started the daemon, because in a container
 * or a hardened session everybody has some.
 */

import { readFileSync, readlinkSync } from "node:fs";
import { fieldOf } from "../base/field.ts";
import type { Sender } from "../native/socket.ts";
import { syscall } from "../native/syscall.ts";

/** What /proc/PID/status says about what a process may do; proc_pid_status(5). */
export interface Standing {
  readonly noNewPrivs: number;
  readonly seccompFilters: number;
  /** Effective capabilities. */
  readonly capabilities: bigint;
  /** All user and group ids, as text: two processes with the same may do the same. */
  readonly ids: string;
}

/** @throws Error where the process is gone or hidden. */
export function standingOf(pid: number | "self"): Standing {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const field = (name: string): string => fieldOf(status, name) ?? "";
  // Before Linux 5.9 only the mode is told: 2 is at least one filter.
  const filters = field("Seccomp_filters") || (field("Seccomp") === "2" ? "1" : "0");
  return {
    noNewPrivs: Number(field("NoNewPrivs")),
    seccompFilters: Number(filters),
    capabilities: BigInt(`0x${field("CapEff") || "0"}`),
    ids: [field("Uid"), field("Gid"), field("Groups")].join("/"),
  };
}

/** What is ambient here: the standing of who started this process, or its own if that is freer or can't be read. */
export function ambientStanding(): Standing {
  const own = standingOf("self");
  try {
    const parent = standingOf(syscall("getppid"));
    return {
      ...own,
      noNewPrivs: Math.min(own.noNewPrivs, parent.noNewPrivs),
      seccompFilters: Math.min(own.seccompFilters, parent.seccompFilters),
    };
  } catch {
    return own;
  }
}

/** Why a peer isn't served; undefined where it is. Pure. */
export function refusalOf(
  sender: Sender | undefined,
  standing: Standing | undefined,
  host: { readonly uid: number; readonly allowRoot: boolean; readonly ambient: Standing },
): string | undefined {
  if (sender === undefined || sender.pid === 0) return "the kernel doesn't tell who asks";
  if (sender.uid !== host.uid && !(host.allowRoot && sender.uid === 0)) {
    return `this daemon serves uid ${host.uid}, and uid ${sender.uid} asks`;
  }
  if (standing === undefined) return "the process that asks is gone, or hidden";
  if (standing.noNewPrivs > host.ambient.noNewPrivs || standing.seccompFilters > host.ambient.seccompFilters) {
    return "the process that asks is itself in a sandbox";
  }
  return undefined;
}

/** The sender's standing, read while it was certainly still the sender; undefined where that can't be had. */
export function standingOfSender(sender: Sender): Standing | undefined {
  try {
    const standing = standingOf(sender.pid);
    // Its pidfd still reaches it: so its pid wasn't another process's when /proc was read.
    if (sender.pidFd >= 0 && syscall("pidfd_send_signal", sender.pidFd, 0, 0, 0) < 0) return undefined;
    return standing;
  } catch {
    return undefined;
  }
}

const NAMESPACES = ["mnt", "user", "pid", "net", "ipc"] as const;

function surroundings(pid: number | "self"): string {
  return [...NAMESPACES.map((name) => readlinkSync(`/proc/${pid}/ns/${name}`)), readlinkSync(`/proc/${pid}/root`)].join(
    " ",
  );
}

/**
 * Why this process can't stand in for a client's own supervisor: undefined where both may do the same and see the same
 * files. What a broker opens, it opens as itself.
 */
export function differenceFrom(pid: number, standing: Standing, own: Standing): string | undefined {
  if (standing.ids !== own.ids) return "its user or group ids are others than the daemon's";
  if (standing.capabilities !== own.capabilities) return "its capabilities are others than the daemon's";
  try {
    if (surroundings(pid) !== surroundings("self")) return "its namespaces or root are others than the daemon's";
  } catch {
    return "its namespaces can't be compared with the daemon's";
  }
  return yamaKeepsOut(own) ? "Yama lets only ancestors read a workload's memory (kernel.yama.ptrace_scope)" : undefined;
}

const CAP_SYS_PTRACE = 1n << 19n;

/** Documentation/admin-guide/LSM/Yama.rst: from 1 on only ancestors and CAP_SYS_PTRACE attach. */
function yamaKeepsOut(own: Standing): boolean {
  if ((own.capabilities & CAP_SYS_PTRACE) !== 0n) return false;
  try {
    return readFileSync("/proc/sys/kernel/yama/ptrace_scope", "latin1").trim() !== "0";
  } catch {
    return false;
  }
}
