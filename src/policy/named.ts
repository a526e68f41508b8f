/** Named policies: `--policy NAME` instead of a file. */

import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ciDefault from "../../policies/ci-default.toml" with { type: "text" };
import hermeticBuild from "../../policies/hermetic-build.toml" with { type: "text" };
import netFetch from "../../policies/net-fetch.toml" with { type: "text" };
import preparedRoot from "../../policies/prepared-root.toml" with { type: "text" };
import preparedRootNet from "../../policies/prepared-root-net.toml" with { type: "text" };
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import type { PolicySource } from "./load.ts";
import { readPolicyFile } from "./read.ts";
import { NOT_UTF8 } from "./variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const BUILT_IN: Readonly<Record<string, string>> = {
  "ci-default": ciDefault,
  "hermetic-build": hermeticBuild,
  "net-fetch": netFetch,
  "prepared-root": preparedRoot,
  "prepared-root-net": preparedRootNet,
};

export const BUILT_IN_NAMES: readonly string[] = Object.keys(BUILT_IN);

export const SYSTEM_FOLDERS: readonly string[] = ["/usr/local/share/landlockd/policies", "/etc/landlockd/policies"];
/** Where `make install PREFIX=/usr` puts policies. */
export const INSTALLED_FOLDER = "/usr/share/landlockd/policies";

/** A policy that can be named, and where it is. */
export interface NamedPolicy {
  readonly name: string;
  /** The file, or `built-in:NAME`. */
  readonly file: string;
}

/**
 * The folders that are searched, in order. A relative one is left out: what a sandbox is made of must not depend on
 * the folder that a command happens to run in.
 */
export function policyFolders(env: Environment): readonly string[] {
  const { LANDLOCKD_POLICY_PATH: list = "", XDG_CONFIG_HOME: xdg = "", HOME: home = "" } = env;
  const config = xdg.startsWith("/") ? xdg : join(home, ".config");
  return [...list.split(":"), join(config, "landlockd/policies"), ...SYSTEM_FOLDERS].filter((folder) =>
    folder.startsWith("/"),
  );
}

/**
 * The folders that are searched for what isn't built in either: where `make install PREFIX=~/.local` and `PREFIX=/usr` put
 * policies. Copies of those built in are there, which so never take their place.
 */
export function installedFolders({ XDG_DATA_HOME: xdg = "", HOME: home = "" }: Environment): readonly string[] {
  const data = xdg.startsWith("/") ? xdg : join(home, ".local/share");
  return [join(data, "landlockd/policies"), INSTALLED_FOLDER].filter((folder) => folder.startsWith("/"));
}

/**
 * Finds a policy by its name: in the folders first, then among those built in, then those installed. The first file of that name is taken,
 * also when it can't be read: a broken one never makes a later one take its place.
 * @throws UsageError when there is none, or the name has a slash.
 */
export function findNamedPolicy(name: string, env: Environment): PolicySource {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0")) {
    throw new UsageError(`${JSON.stringify(name)} is not a policy's name`, "for a file, use --policy-file");
  }
  const own = fileIn(policyFolders(env), name);
  const builtIn = builtInPolicy(name);
  if (own !== undefined) return { ...readPolicyFile(own), ...(builtIn === undefined ? {} : { shadows: name }) };
  if (builtIn !== undefined) return builtIn;
  const installed = fileIn(installedFolders(env), name);
  if (installed !== undefined) return readPolicyFile(installed);
  const names = listNamedPolicies(env).map((policy) => policy.name);
  const hint = didYouMean(name, names) ?? `there are: ${names.join(", ")}`;
  throw new UsageError(`there is no policy named ${JSON.stringify(name)}`, hint);
}

/** @throws UsageError */
function fileIn(folders: readonly string[], name: string): string | undefined {
  for (const folder of folders) {
    if (folder.includes(NOT_UTF8))
      throw new UsageError(`a folder that policies are looked for in isn't UTF-8: ${folder}`);
    const file = join(folder, `${name}.toml`);
    if (exists(file)) return file;
  }
  return undefined;
}

/** The policy that comes with landlockd under this name. */
export function builtInPolicy(name: string): PolicySource | undefined {
  const text = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
  if (text === undefined) return undefined;
  return { file: `built-in:${name}`, bytes: new TextEncoder().encode(text), policyDir: undefined };
}

/** Every policy that can be named, each where it would be taken from, by name. */
export function listNamedPolicies(env: Environment): readonly NamedPolicy[] {
  const found = new Map<string, string>();
  const add = (name: string, file: string): void => void (name !== "" && !found.has(name) && found.set(name, file));
  const addFrom = (folder: string): void => {
    for (const entry of entries(folder))
      add(entry.name.endsWith(".toml") ? entry.name.slice(0, -".toml".length) : "", join(folder, entry.name));
  };
  policyFolders(env).forEach(addFrom);
  for (const name of BUILT_IN_NAMES) add(name, `built-in:${name}`);
  installedFolders(env).forEach(addFrom);
  return [...found].map(([name, file]) => ({ name, file })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A dangling symlink is there, and an error when it is read: it never makes a later policy take its place. A folder
 * that this user can't search is as good as none (HOME of somebody else, after setpriv or su).
 */
function exists(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (cause) {
    return !["ENOTDIR", "EACCES"].includes((cause as { readonly code?: string }).code ?? "");
  }
}

function entries(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
