/** Paths of rules and mounts, compared with what is there. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { FILE_RIGHTS, FS_RIGHTS, rightNames, rightsMask } from "../../kernel/landlock.ts";
import { error, quote, warning } from "../finding.ts";
import type { Policy } from "../policy.ts";
import { isBeneath, isWithin, upwards } from "../tree.ts";
import type { Facts, Kind } from "./facts.ts";

const NOT_FOLDERS: readonly Kind[] = ["file", "device", "other"];

/** Folder rights on a file: the kernel refuses such a rule (EINVAL). */
export function lintFolderRights(policy: Policy, facts: Facts): Finding[] {
  return policy.fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap((rule, at) => {
      const folderOnly = rightNames(FS_RIGHTS, rightsMask(FS_RIGHTS, rule.allowed_access) & ~FILE_RIGHTS);
      if (folderOnly.length === 0 || !NOT_FOLDERS.includes(facts.kind(rule.path))) return [];
      return error(
        "folder-right-on-file",
        ["fs_layer", index, "rule", at, "allowed_access"],
        `${quote(rule.path)} is not a folder, and ${folderOnly.join(", ")} can be granted on folders only`,
        "take these rights out, or grant them on the folder that it is in",
      );
    }),
  );
}

interface NamedPath {
  readonly path: string;
  readonly key: KeyPath;
  readonly what: string;
  readonly hint: string;
}

function namedPaths(policy: Policy): NamedPath[] {
  const { mount, broker, runtime } = policy;
  const found: NamedPath[] = [];
  const add = (what: string, hint: string, path: string | undefined, ...key: KeyPath): void => {
    if (path !== undefined) found.push({ path, key, what, hint });
  };
  add("there is no root to run in", "prepare it first", runtime?.root, "runtime", "root");
  for (const [index, layer] of policy.fs_layer.entries()) {
    for (const [at, rule] of layer.rule.entries()) {
      if (!rule.optional)
        add(
          "the run fails",
          "set optional = true if it may be missing",
          rule.path,
          "fs_layer",
          index,
          "rule",
          at,
          "path",
        );
    }
  }
  const make = "make it first";
  for (const [at, { path }] of (mount?.tmpfs ?? []).entries())
    add("nothing can be mounted there", make, path, "mount", "tmpfs", at);
  for (const [at, path] of (mount?.proc ?? []).entries())
    add("nothing can be mounted there", make, path, "mount", "proc", at);
  for (const [table, binds] of [
    ["mount", mount?.bind ?? []],
    ["broker", broker?.mount_bind ?? []],
  ] as const) {
    const list = table === "mount" ? "bind" : "mount_bind";
    for (const [at, bind] of binds.entries()) {
      add("there is nothing to mount", make, bind.source, table, list, at, "source");
      add("nothing can be mounted there", make, bind.target, table, list, at, "target");
    }
  }
  return found;
}

/**
 * Paths that aren't there, and those that can't be: beneath a file. What a mount brings isn't looked for, and of a
 * missing folder and what is in it only the folder is told.
 */
export function lintMissingPaths(policy: Policy, facts: Facts): Finding[] {
  const mounted = mountTargets(policy);
  const missing = namedPaths(policy).filter(
    ({ path }) => facts.kind(path) === "missing" && !mounted.some((target) => isBeneath(path, target)),
  );
  const reported = missing.filter(({ path }, at) =>
    missing.every((other, index) => index === at || !isWithin(path, other.path) || (path === other.path && at < index)),
  );
  return reported.map(({ path, key, what, hint }) => {
    const file = [...upwards(path)].find((above) => NOT_FOLDERS.includes(facts.kind(above)));
    if (file === undefined) return warning("missing-path", key, `${quote(path)} doesn't exist here: ${what}`, hint);
    return error(
      "impossible-path",
      key,
      `${quote(path)} can't exist: ${quote(file)} is not a folder`,
      "correct the path",
    );
  });
}

function mountTargets({ mount }: Policy): readonly string[] {
  if (mount === undefined) return [];
  return [...mount.tmpfs.map(({ path }) => path), ...mount.proc, ...mount.bind.map(({ target }) => target)];
}
