/** What `landlockd doctor` tells of a host: `--json` prints it as it is, and docs/doctor.md describes each field. */

import { errnoName } from "../kernel/errno-names.ts";
import { holesOf } from "../kernel/holes.ts";
import { canMount, type Host } from "../kernel/host.ts";
import {
  abiText,
  ERRATA,
  ERRATA_ABI,
  FS_RIGHTS,
  HIGHEST_ABI,
  NET_RIGHTS,
  type Right,
  SCOPES,
} from "../kernel/landlock.ts";

/** One thing that a policy may ask for. */
export interface Ability {
  readonly item: string;
  readonly yes: boolean;
  /** Why not, or what is good to know. */
  readonly reason?: string;
  /** Without it no run is possible. */
  readonly required?: true;
}

function landlockReason(host: Host): string | undefined {
  if (host.landlock.abi > 0) return undefined;
  const name = errnoName(host.landlock.errno);
  if (name === "EOPNOTSUPP") return "it is disabled at boot: add landlock to the kernel's lsm= parameter";
  if (name === "ENOSYS")
    return "the kernel has no Landlock (CONFIG_SECURITY_LANDLOCK, Linux 5.13), or a filter hides it";
  return `landlock_create_ruleset: ${name}`;
}

const NO_TCP = "by the seccomp filter where no port is granted bind_tcp or connect_tcp";
const NO_UDP = "by the seccomp filter where no port is granted bind_udp or connect_send_udp";

/** Where the seccomp filter does what this Landlock can't (policy/closed.ts). */
const BY_FILTER: Readonly<Record<string, string>> = {
  bind_tcp: NO_TCP,
  connect_tcp: NO_TCP,
  bind_udp: NO_UDP,
  connect_send_udp: NO_UDP,
  resolve_unix:
    "by the seccomp filter where it is granted nowhere: no UNIX socket is made, not even for the run itself",
  abstract_unix_socket: "by the seccomp filter where no UNIX socket is made",
};

function rights(prefix: string, table: readonly Right[], abi: number): Ability[] {
  return table.map((right): Ability => {
    const yes = right.abi <= abi;
    const otherwise = BY_FILTER[right.name];
    const reason = `needs ${abiText(right.abi)}${otherwise === undefined ? "" : `; else ${otherwise}`}`;
    return { item: `${prefix}.${right.name}`, yes, ...(yes ? {} : { reason }) };
  });
}

/** Mounts and roots: in a user namespace where the caller isn't privileged. */
function mounts(host: Host): Ability {
  const refusal = host.namespaces?.refusal;
  const wanted = canMount(host) ? "a mount namespace" : "an unprivileged user namespace";
  const reason = refusal === undefined ? `in ${wanted}` : `needs ${wanted}; there is ${refusal}`;
  return { item: "mount", yes: refusal === undefined, reason };
}

/** Brokers: a listener for the calls that they answer. */
function notify({ seccomp }: Host): Ability {
  const reason = seccomp.refusal === undefined ? undefined : `needs a listener of its own; there is ${seccomp.refusal}`;
  return { item: "seccomp.notify", yes: seccomp.notify, ...(reason === undefined ? {} : { reason }) };
}

function abilities(host: Host): Ability[] {
  const reason = landlockReason(host);
  const { abi } = host.landlock;
  return [
    { item: "landlock", yes: abi > 0, required: true, ...(reason === undefined ? {} : { reason }) },
    { item: "seccomp", yes: host.seccomp.filter, required: true },
    mounts(host),
    notify(host),
    ...rights("fs", FS_RIGHTS, abi),
    ...rights("net", NET_RIGHTS, abi),
    ...rights("scope", SCOPES, abi),
  ];
}

/** Something that Landlock once got wrong, and that its kernels tell to be corrected. */
export interface ErratumFound {
  readonly number: number;
  /** null: the kernel doesn't tell. */
  readonly fixed: boolean | null;
  /** What goes wrong where it isn't. */
  readonly unfixed: string;
}

export interface HoleFound {
  readonly name: string;
  readonly what: string;
  /** What closes it in every run all the same; null: nothing. */
  readonly closed: string | null;
}

/** Fields are added; none changes its name, place or type while `version` is the same. */
export interface Report {
  readonly version: 1;
  readonly arch: string;
  readonly release: string;
  readonly uid: number;
  readonly landlock: { readonly abi: number; readonly errata: number; readonly errno: number; readonly known: number };
  readonly front: boolean;
  readonly errata: readonly ErratumFound[];
  readonly holes: readonly HoleFound[];
  readonly abilities: readonly Ability[];
}

function errataOf({ abi, errata }: Host["landlock"]): ErratumFound[] {
  const told = abi >= ERRATA_ABI || errata !== 0;
  return ERRATA.filter((erratum) => erratum.abi <= abi).map(({ number, unfixed }) => ({
    number,
    fixed: told ? ((errata >> (number - 1)) & 1) === 1 : null,
    unfixed,
  }));
}

/** `front`: whether the front started this process. */
export function reportOf(host: Host, front: boolean): Report {
  const { landlock, arch, release, uid } = host;
  const holes = landlock.abi === 0 ? [] : holesOf(release);
  return {
    version: 1,
    arch,
    release,
    uid,
    landlock: { ...landlock, known: HIGHEST_ABI },
    front,
    errata: errataOf(landlock),
    holes: holes.map(({ name, what, closed }) => ({ name, what, closed: closed ?? null })),
    abilities: abilities(host),
  };
}
