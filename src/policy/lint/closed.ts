/** Paths of which a run of the policy can change what they mean. */

import type { Finding, KeyPath } from "../../base/errors.ts";
import { changeableFolders } from "../changeable.ts";
import { quote, warning } from "../finding.ts";
import type { Policy } from "../policy.ts";
import type { Facts } from "./facts.ts";

interface NamedPath {
  readonly path: string;
  readonly key: KeyPath;
}

function openedPaths({ fs_layer, mount, broker, runtime }: Policy): NamedPath[] {
  const paths: NamedPath[] = [];
  const add = (path: string | undefined, ...key: KeyPath): void => {
    if (path !== undefined) paths.push({ path, key });
  };
  for (const [index, layer] of fs_layer.entries()) {
    for (const [at, { path }] of layer.rule.entries()) add(path, "fs_layer", index, "rule", at, "path");
  }
  for (const [at, { path }] of (mount?.tmpfs ?? []).entries()) add(path, "mount", "tmpfs", at);
  for (const [at, path] of (mount?.proc ?? []).entries()) add(path, "mount", "proc", at);
  for (const [at, { source, target }] of (mount?.bind ?? []).entries()) {
    add(source, "mount", "bind", at, "source");
    add(target, "mount", "bind", at, "target");
  }
  for (const [at, { source }] of (broker?.mount_bind ?? []).entries()) {
    add(source, "broker", "mount_bind", at, "source");
  }
  for (const list of ["scratch", "export", "allow_read", "allow_write"] as const) {
    for (const [at, path] of (broker?.[list] ?? []).entries()) add(path, "broker", list, at);
  }
  add(runtime?.root, "runtime", "root");
  return paths;
}

/** The folder in which a run can have a path lead elsewhere. */
function folderAbove(path: string, facts: Facts, outermost: (path: string) => string | undefined): string | undefined {
  return outermost(path) ?? outermost(facts.real(path));
}

/** The working folder itself has no link in its path. */
export function lintChangeablePaths(policy: Policy, facts: Facts): Finding[] {
  const folders = changeableFolders(policy, facts);
  const told = new Set<string>();
  return openedPaths(policy).flatMap(({ path, key }) => {
    const folder = path === facts.cwd ? undefined : folderAbove(path, facts, (each) => folders.outermost(each));
    if (folder === undefined || folder === "/" || told.has(path)) return [];
    told.add(path);
    return warning(
      "changeable-path",
      key,
      `the policy lets its runs change ${quote(folder)}, and so what ${quote(path)} is`,
      "name a place that no run can change: here no symbolic link is followed, and one that a run makes fails the next",
    );
  });
}
