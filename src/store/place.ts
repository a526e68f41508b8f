/**
 * Where compiled plans and the key that authenticates them are. csrc/front/store.c looks in the same places, in the
 * same order, and asks the same of them.
 */

import { rawVariable } from "../base/raw.ts";
import { ENOENT } from "../kernel/errno.ts";
import { AT_FDCWD, O_PATH, S_IFDIR } from "../kernel/file.ts";
import { closeFile, openPlain, statusOf } from "../native/file.ts";
import { cString, syscall } from "../native/syscall.ts";

export type Environment = readonly Uint8Array[];

const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;

/** A folder of this user's own in which others lack `others`; undefined where it isn't one. */
function openOwn(dirFd: number, path: string, others: number): number | undefined {
  const fd = openPlain(dirFd, path, O_PATH);
  if (fd < 0) return undefined;
  const status = statusOf(fd);
  if (
    typeof status !== "number" &&
    status.type === S_IFDIR &&
    status.uid === syscall("geteuid") &&
    (status.permissions & others) === 0
  ) {
    return fd;
  }
  closeFile(fd);
  return undefined;
}

/** A variable that is an absolute path in UTF-8. */
function absolute(env: Environment, name: string): string | undefined {
  const raw = rawVariable(env, name);
  const text = raw === undefined ? "" : Buffer.from(raw).toString();
  return text.startsWith("/") && Buffer.from(text).equals(raw ?? new Uint8Array()) ? text : undefined;
}

/** A folder for landlockd alone, and the one above it that is there before landlockd makes anything. */
interface Place {
  readonly folder: string;
  readonly base: string;
}

const PLANS = "landlockd/plans";

/** The first of the places for plans that is this user's own: where a sandbox has no business first. */
function plansPlace(env: Environment): Place | undefined {
  const uid = syscall("geteuid");
  const home = absolute(env, "HOME");
  const bases = [
    absolute(env, "XDG_RUNTIME_DIR"),
    `/run/user/${uid}`,
    uid === 0 ? "/run" : undefined,
    home === undefined ? undefined : `${home}/.cache`,
  ];
  const base = bases.find((each) => each !== undefined && isOwn(each));
  if (base !== undefined) return { folder: `${base}/${PLANS}`, base };
  // Made like every program's that finds none (XDG base directory specification).
  const makesCache = home !== undefined && isOwn(home) && isMissing(`${home}/.cache`);
  return makesCache ? { folder: `${home}/.cache/${PLANS}`, base: home } : undefined;
}

function isMissing(path: string): boolean {
  const fd = openPlain(AT_FDCWD, path, O_PATH);
  if (fd >= 0) closeFile(fd);
  return fd === -ENOENT;
}

function isOwn(path: string): boolean {
  const fd = openOwn(AT_FDCWD, path, OTHERS_WRITE);
  if (fd !== undefined) closeFile(fd);
  return fd !== undefined;
}

/** The folders that a workload must not be able to write: undefined where there is no place for them. */
export interface Places {
  readonly plans: string;
  readonly key: string;
  /** What is there before landlockd makes anything. */
  readonly bases: { readonly plans: string; readonly key: string };
}

export function places(env: Environment): Places | undefined {
  const plans = plansPlace(env);
  const key = keyPlace(env);
  if (plans === undefined || key === undefined) return undefined;
  return { plans: plans.folder, key: key.folder, bases: { plans: plans.base, key: key.base } };
}

/** The folder of the key. */
export function keyPlace(env: Environment): Place | undefined {
  const base = absolute(env, "HOME");
  return base === undefined || !isOwn(base) ? undefined : { folder: `${base}/.local/state/landlockd`, base };
}

/** Makes folders within one another, from one that is open on; what is there is no link. */
function makeFolders(baseFd: number, names: readonly string[]): void {
  let at = baseFd;
  for (const name of names) {
    syscall("mkdirat", at, cString(name), 0o700);
    const next = openPlain(at, name, O_PATH);
    if (at !== baseFd) closeFile(at);
    at = next;
    if (at < 0) return;
  }
  if (at !== baseFd) closeFile(at);
}

/** Makes what is missing between a base and a folder beneath it. The folder's fd; undefined if it isn't only ours. */
export function openFolder(base: string, folder: string): number | undefined {
  const found = openOwn(AT_FDCWD, folder, OTHERS_ANYTHING);
  if (found !== undefined) return found;
  const baseFd = openOwn(AT_FDCWD, base, OTHERS_WRITE);
  if (baseFd === undefined) return undefined;
  // A umask that takes the owner's own bits away would make what nobody can work in.
  const umask = syscall("umask", OTHERS_ANYTHING);
  makeFolders(baseFd, folder.slice(base.length + 1).split("/"));
  syscall("umask", umask);
  closeFile(baseFd);
  return openOwn(AT_FDCWD, folder, OTHERS_ANYTHING);
}
