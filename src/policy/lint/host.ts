/** What the Landlock of this host can't enforce. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { abiText, FS_RIGHTS, hostAbiText, NET_RIGHTS, type Right } from "../../kernel/landlock.ts";
import { closedByFilter } from "../closed.ts";
import { warning } from "../finding.ts";
import type { Policy } from "../policy.ts";
import type { Facts } from "./facts.ts";

/** Handled rights that are newer than the host, and that the filter doesn't enforce in its place. With compat = "strict" such a run fails. */
export function lintHostRights(policy: Policy, facts: Facts): Finding[] {
  const abi = facts.landlockAbi;
  if (abi === undefined) return [];
  const findings = policy.fs_layer.flatMap((layer, index) =>
    tooNew(FS_RIGHTS, layer.handled_access_fs, ["fs_layer", index, "handled_access_fs"], abi, policy),
  );
  const net = policy.net?.handled_access_net ?? [];
  return [...findings, ...tooNew(NET_RIGHTS, net, ["net", "handled_access_net"], abi, policy)];
}

function tooNew(
  table: readonly Right[],
  names: readonly string[],
  key: KeyPath,
  abi: number,
  policy: Policy,
): Finding[] {
  return names.flatMap((name, at) => {
    const right = table.find((each) => each.name === name);
    if (right === undefined || right.abi <= abi) return [];
    if (abi > 0 && closedByFilter(policy, abi).rights.has(name)) return [];
    // By its author's leave: the run says so itself.
    if ((policy.without as readonly string[]).includes(name)) return [];
    const strict = policy.compat === "strict";
    return warning(
      "unenforceable-right",
      [...key, at],
      `${name} needs ${abiText(right.abi)}; this host has ${hostAbiText(abi)}: ${strict ? "the run fails" : "the run goes on without it"}`,
      strict ? `without = ["${name}"] runs without it on such hosts, and says so` : undefined,
    );
  });
}
