/** System calls as the broker sees them: every spelling of an operation is one request. */

import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  O_CREAT,
  O_TRUNC,
  O_WRONLY,
  OPEN_HOW_SIZE_BYTES,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
  RESOLVE_CACHED,
  S_IFMT,
} from "../kernel/file.ts";
import { syscallNumber } from "../kernel/syscalls.ts";
import { ARCH, numberOf } from "../native/syscall.ts";
import { copyBytes, copyPath } from "./caller.ts";
import { O_DIRECTORY, O_TMPFILE } from "./files.ts";
import type { Listener } from "./listener.ts";

/** A path as the caller gave it. */
export interface At {
  readonly dirFd: number;
  /** A binary string; may be empty. */
  readonly path: string;
  /**
   * The path of the folder that a relative one was resolved from, once it was: for the record, which would find another
   * one by `dirFd` if somebody changes that meanwhile.
   */
  base?: string;
}

export interface OpenRequest {
  readonly kind: "open";
  readonly syscall: string;
  readonly at: At;
  /** As open(2) takes them. */
  readonly flags: number;
  readonly mode: number;
  /** RESOLVE_* of openat2(2). */
  readonly resolve: number;
}

export interface MoveRequest {
  readonly kind: "rename" | "link";
  readonly syscall: string;
  readonly from: At;
  readonly to: At;
  readonly flags: number;
}

/** An operation on one name. */
export type NameRequest =
  | { readonly kind: "mkdir"; readonly syscall: string; readonly at: At; readonly mode: number }
  | { readonly kind: "mknod"; readonly syscall: string; readonly at: At; readonly mode: number }
  | { readonly kind: "remove"; readonly syscall: string; readonly at: At; readonly flags: number }
  | { readonly kind: "symlink"; readonly syscall: string; readonly target: string; readonly at: At };

/** Everything but opens. */
export type EntryRequest =
  | NameRequest
  | MoveRequest
  | { readonly kind: "truncate"; readonly syscall: string; readonly at: At; readonly size: bigint };

export type Request = OpenRequest | EntryRequest;

/**
 * undefined: the caller's memory doesn't hold what the kernel could take, or the flags are none that it takes. It says
 * so itself, and before it looks at what else may be wrong.
 */
type Parser = (listener: Listener) => Request | undefined;

/** The path in argument `path`, relative to the folder in argument `dir` (-1: the working directory). */
function at(listener: Listener, dir: number, path: number): At | undefined {
  const text = listener.path ?? copyPath(listener.tid, listener.pointer(path));
  if (text === undefined) return undefined;
  return { dirFd: dir < 0 ? AT_FDCWD : listener.signedArgument(dir), path: text };
}

function open(syscall: string, dir: number, path: number, flags: (l: Listener) => number, mode: number): Parser {
  return (listener) => {
    const where = at(listener, dir, path);
    if (where === undefined) return undefined;
    return {
      kind: "open",
      syscall,
      at: where,
      flags: flags(listener),
      mode: listener.argument(mode) & MODE_MASK,
      resolve: 0,
    };
  };
}

/** Nothing is made with setuid or setgid bits: they are what `chmod.set_id` of the protections keeps a run from. */
const MODE_MASK = 0o1777;

/** A page, as openat2(2) takes it. */
const OPEN_HOW_SIZE_MAX = 4096;

/** What of open(2)'s flags the kernel doesn't know, open and openat ignore; openat2 refuses it. */
const LEGACY_FLAGS = 0o37777703;

const openat2: Parser = (listener) => {
  // A longer struct with anything in its rest is for a newer kernel than this was written for: the kernel's affair.
  const size = listener.wideArgument(3);
  if (size < BigInt(OPEN_HOW_SIZE_BYTES) || size > BigInt(OPEN_HOW_SIZE_MAX)) return undefined;
  const how = copyBytes(listener.tid, listener.pointer(2), Number(size));
  if (how === undefined || how.subarray(OPEN_HOW_SIZE_BYTES).some((byte) => byte !== 0)) return undefined;
  const flags = how.readBigUInt64LE(0);
  const mode = how.readBigUInt64LE(8);
  const resolve = how.readBigUInt64LE(16);
  if ((flags & ~BigInt(LEGACY_FLAGS)) !== 0n || mode > 0o7777n || resolve > 0x3fn) return undefined;
  // What can't be: said before anything is looked up.
  const makes = (Number(flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) !== 0;
  const changes = makes || (Number(flags) & O_TRUNC) !== 0;
  if ((!makes && mode !== 0n) || (changes && (Number(resolve) & RESOLVE_CACHED) !== 0)) return undefined;
  const where = at(listener, 0, 1);
  if (where === undefined) return undefined;
  return {
    kind: "open",
    syscall: "openat2",
    at: where,
    flags: Number(flags),
    mode: Number(mode) & MODE_MASK,
    resolve: Number(resolve),
  };
};

function made(kind: "mkdir" | "mknod", syscall: string, dir: number, path: number): Parser {
  return (listener) => {
    const where = at(listener, dir, path);
    return where === undefined
      ? undefined
      : { kind, syscall, at: where, mode: listener.argument(path + 1) & (S_IFMT | MODE_MASK) };
  };
}

function remove(syscall: string, dir: number, path: number, flags: (l: Listener) => number): Parser {
  return (listener) => {
    const given = flags(listener);
    const where = (given & ~AT_REMOVEDIR) === 0 ? at(listener, dir, path) : undefined;
    return where === undefined ? undefined : { kind: "remove", syscall, at: where, flags: given };
  };
}

/** Flags of renameat2(2) that the kernel takes. */
function canRename(flags: number): boolean {
  if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) !== 0) return false;
  return (flags & RENAME_EXCHANGE) === 0 || flags === RENAME_EXCHANGE;
}

/** Flags of linkat(2) that the kernel takes. */
function canLink(flags: number): boolean {
  return (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_FOLLOW)) === 0;
}

function moved(
  kind: "rename" | "link",
  syscall: string,
  dirs: readonly [number, number],
  paths: readonly [number, number],
  flags: number,
): Parser {
  const can = kind === "rename" ? canRename : canLink;
  return (listener) => {
    const given = flags < 0 ? 0 : listener.argument(flags);
    if (!can(given)) return undefined;
    const from = at(listener, dirs[0], paths[0]);
    const to = from === undefined ? undefined : at(listener, dirs[1], paths[1]);
    if (from === undefined || to === undefined) return undefined;
    return { kind, syscall, from, to, flags: given };
  };
}

function symlink(syscall: string, dir: number, path: number): Parser {
  return (listener) => {
    const target = copyPath(listener.tid, listener.pointer(0));
    const where = target === undefined ? undefined : at(listener, dir, path);
    if (target === undefined || where === undefined) return undefined;
    return { kind: "symlink", syscall, target, at: where };
  };
}

const truncate: Parser = (listener) => {
  const where = at(listener, -1, 0);
  if (where === undefined) return undefined;
  return { kind: "truncate", syscall: "truncate", at: where, size: BigInt.asIntN(64, listener.wideArgument(1)) };
};

const HERE: readonly [number, number] = [-1, -1];

const PARSERS: Readonly<Record<string, Parser>> = {
  open: open("open", -1, 0, (l) => l.argument(1) & LEGACY_FLAGS, 2),
  openat: open("openat", 0, 1, (l) => l.argument(2) & LEGACY_FLAGS, 3),
  creat: open("creat", -1, 0, () => O_CREAT | O_WRONLY | O_TRUNC, 1),
  openat2,
  mkdir: made("mkdir", "mkdir", -1, 0),
  mkdirat: made("mkdir", "mkdirat", 0, 1),
  mknod: made("mknod", "mknod", -1, 0),
  mknodat: made("mknod", "mknodat", 0, 1),
  unlink: remove("unlink", -1, 0, () => 0),
  unlinkat: remove("unlinkat", 0, 1, (l) => l.argument(2)),
  rmdir: remove("rmdir", -1, 0, () => AT_REMOVEDIR),
  rename: moved("rename", "rename", HERE, [0, 1], -1),
  renameat: moved("rename", "renameat", [0, 2], [1, 3], -1),
  renameat2: moved("rename", "renameat2", [0, 2], [1, 3], 4),
  link: moved("link", "link", HERE, [0, 1], -1),
  linkat: moved("link", "linkat", [0, 2], [1, 3], 4),
  symlink: symlink("symlink", -1, 1),
  symlinkat: symlink("symlinkat", 1, 2),
  truncate,
};

function byNumber(): ReadonlyMap<number, Parser> {
  const names = Object.keys(PARSERS).filter((name) => syscallNumber(ARCH, name) !== undefined);
  return new Map(names.map((name) => [numberOf(name), PARSERS[name] as Parser]));
}

const parsers = byNumber();

/** The request that the listener holds; undefined for what the kernel is to answer. */
export function readRequest(listener: Listener): Request | undefined {
  return parsers.get(listener.call)?.(listener);
}
