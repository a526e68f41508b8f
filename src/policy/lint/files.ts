/** Paths of rules and mounts, compared with what is there. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { FILE_RIGHTS, FS_RIGHTS, rightNames, rightsMask } from "../../kernel/landlock.ts";
import { error, quote, warning } from "../finding.ts";
import type { Bind, Policy } from "../policy.ts";
import { PathIndex, upwards } from "../tree.ts";
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

/** A path that has to be there when the run starts. */
interface NamedPath {
  readonly path: string;
  readonly key: KeyPath;
  /** What becomes of the run without it. */
  readonly loss: string;
  readonly hint: string;
}

function rulePaths(policy: Policy): NamedPath[] {
  return policy.fs_layer.flatMap((layer, index) =>
    layer.rule.flatMap((rule, at) => {
      if (rule.optional) return [];
      const key: KeyPath = ["fs_layer", index, "rule", at, "path"];
      return { path: rule.path, key, loss: "the run fails", hint: "set optional = true if it may be missing" };
    }),
  );
}

function mountPaths({ mount, broker, runtime }: Policy): NamedPath[] {
  const named = (path: string, loss: string, ...key: KeyPath): NamedPath => ({
    path,
    key,
    loss,
    hint: "make it first",
  });
  const target = "nothing can be mounted there";
  const bindPaths = (binds: readonly Bind[], ...list: KeyPath): NamedPath[] =>
    binds.flatMap((bind, at) => [
      named(bind.source, "there is nothing to mount", ...list, at, "source"),
      named(bind.target, target, ...list, at, "target"),
    ]);
  return [
    ...(runtime?.root === undefined ? [] : [named(runtime.root, "there is no root to run in", "runtime", "root")]),
    ...(mount?.tmpfs ?? []).map(({ path }, at) => named(path, target, "mount", "tmpfs", at)),
    ...(mount?.proc ?? []).map((path, at) => named(path, target, "mount", "proc", at)),
    ...bindPaths(mount?.bind ?? [], "mount", "bind"),
    ...bindPaths(broker?.mount_bind ?? [], "broker", "mount_bind"),
  ];
}

/**
 * Paths that aren't there, and those that can't be: beneath a file. What a mount brings isn't looked for, and of a
 * missing folder and what is in it only the folder is told.
 */
export function lintMissingPaths(policy: Policy, facts: Facts): Finding[] {
  const mounted = new PathIndex(mountTargets(policy));
  const missing = [...mountPaths(policy), ...rulePaths(policy)].filter(
    ({ path }) => facts.kind(path) === "missing" && mounted.above(path) === undefined,
  );
  const folders = new PathIndex(missing.map(({ path }) => path));
  const told = new Set<string>();
  return missing.flatMap(({ path, key, loss, hint }) => {
    if (told.has(path) || folders.above(path) !== undefined) return [];
    told.add(path);
    const file = [...upwards(path)].find((above) => NOT_FOLDERS.includes(facts.kind(above)));
    if (file === undefined) return warning("missing-path", key, `${quote(path)} doesn't exist here: ${loss}`, hint);
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
