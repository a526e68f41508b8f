/** `landlockd doctor`: what this host can enforce, with the reason for each no. */

import type { ArgsDef, CommandDef } from "citty";
import { errnoName } from "../kernel/errno-names.ts";
import { canMount, type Host } from "../kernel/host.ts";
import { abiText, FS_RIGHTS, NET_RIGHTS, type Right, SCOPES } from "../kernel/landlock.ts";
import { probeHost } from "../native/host.ts";
import { probeListener } from "../native/listener.ts";
import { probeNamespaces } from "../native/namespaces.ts";
import { startState } from "../native/start.ts";
import { parseFlags } from "./arguments.ts";
import { paintFor } from "./colors.ts";
import { exit, writeOut } from "./output.ts";
import { STATUS_NO } from "./status.ts";

/** One thing that a policy may ask for. */
interface Ability {
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

function rights(prefix: string, table: readonly Right[], abi: number): Ability[] {
  return table.map((right): Ability => {
    const yes = right.abi <= abi;
    return { item: `${prefix}.${right.name}`, yes, ...(yes ? {} : { reason: `needs ${abiText(right.abi)}` }) };
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

const FLAGS: ArgsDef = { json: { type: "boolean", description: "Print JSON" } };

async function doctor(rawArgs: readonly string[]): Promise<void> {
  const parsed = parseFlags(rawArgs, FLAGS);
  const host = probeListener(probeNamespaces(probeHost()));
  const found = abilities(host);
  if (parsed.on("json")) {
    const { landlock, arch, release, uid } = host;
    writeOut(
      `${JSON.stringify({ arch, release, uid, landlock, front: startState().front, abilities: found }, null, 2)}\n`,
    );
  } else {
    const paint = await paintFor(1);
    const head = `${host.arch}, Linux ${host.release}, Landlock ABI ${host.landlock.abi}, errata ${host.landlock.errata}`;
    const lines = found.map(({ item, yes, reason }) => {
      const mark = yes ? paint.green("yes") : paint.yellow("no ");
      return `  ${mark}  ${item}${reason === undefined ? "" : `: ${reason}`}`;
    });
    writeOut(`${[paint.bold(head), ...lines].join("\n")}\n`);
  }
  if (found.some(({ required, yes }) => required === true && !yes)) exit(STATUS_NO);
}

export const command: CommandDef = {
  meta: { name: "doctor", description: "Show what this host can enforce, with the reason for each no" },
  args: FLAGS,
  run: ({ rawArgs }) => doctor(rawArgs),
};
