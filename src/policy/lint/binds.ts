/** Read-only binds that a rule makes writable again. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { error, quote, warning } from "../finding.ts";
import { WRITE_RIGHTS } from "../grants.ts";
import type { Bind, Policy } from "../policy.ts";
import { isWithin, PathIndex } from "../tree.ts";
import type { Facts } from "./facts.ts";

/** Bound onto itself, a source is seen only through its mount. */
function readOnlyBinds(policy: Policy): { readonly bind: Bind; readonly name: string }[] {
  return [
    ...(policy.mount?.bind ?? []).map((bind, at) => ({ bind, name: `mount.bind[${at}]` })),
    ...(policy.broker?.mount_bind ?? []).map((bind, at) => ({ bind, name: `broker.mount_bind[${at}]` })),
  ].filter(({ bind }) => bind.read_only && bind.target !== bind.source && visible(policy, bind.source));
}

/** With a root of its own, a workload sees only what is in there. */
function visible(policy: Policy, path: string): boolean {
  const root = policy.runtime?.root;
  return root === undefined || isWithin(path, root);
}

/** Mounts in a folder that the broker changes for its callers, from outside: there nothing keeps them in place. */
export function lintUnheldMounts({ mount, broker }: Policy, facts: Facts): Finding[] {
  const folders = new PathIndex(
    [...(broker?.scratch ?? []), ...(broker?.export ?? [])].map((path) => facts.real(path)),
  );
  const targets: { readonly path: string; readonly key: KeyPath }[] = [
    ...(mount?.tmpfs ?? []).map(({ path }, at) => ({ path, key: ["mount", "tmpfs", at] })),
    ...(mount?.proc ?? []).map((path, at) => ({ path, key: ["mount", "proc", at] })),
    ...(mount?.bind ?? []).flatMap(({ target, read_only }, at) =>
      read_only ? [{ path: target, key: ["mount", "bind", at, "target"] }] : [],
    ),
  ];
  return targets.flatMap(({ path, key }) => {
    const folder = folders.above(facts.real(path));
    if (folder === undefined) return [];
    return error(
      "mount-in-scratch",
      key,
      `${quote(path)} is beneath ${quote(folder)}, where the broker renames folders for the run: a mount there isn't held`,
      "mount it elsewhere, or name another folder in [broker]",
    );
  });
}

/** Rules belong to inodes, not to mounts: what is written at the source is what the read-only bind shows. */
export function lintWritableSources(policy: Policy, facts: Facts): Finding[] {
  const binds = new Map(readOnlyBinds(policy).map((each) => [facts.real(each.bind.source), each]));
  const sources = new PathIndex(binds.keys());
  return policy.fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap((rule, at) => {
      if (!rule.allowed_access.some((right) => WRITE_RIGHTS.includes(right))) return [];
      const hit = binds.get(sources.touching(facts.real(rule.path)) ?? "");
      if (hit === undefined) return [];
      const key: KeyPath = ["fs_layer", index, "rule", at, "path"];
      return warning(
        "writable-bind-source",
        key,
        `write rights on ${quote(rule.path)} reach the source of the read-only ${hit.name}, ${quote(hit.bind.source)}`,
        "grant only read rights there: a rule holds on the files themselves, whatever mount they are seen through",
      );
    }),
  );
}
