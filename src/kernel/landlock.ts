/**
 * Landlock as the kernel's UAPI has it, by ABI. Source: include/uapi/linux/landlock.h up to Linux 7.2 and
 * Documentation/userspace-api/landlock.rst.
 */

/** One right, scope or flag: its bit, and the first ABI and Linux release that have it. */
export interface Right<Name extends string = string> {
  readonly name: Name;
  /** Number of the bit, from 0. */
  readonly bit: number;
  readonly abi: number;
  /** First Linux release with that ABI. */
  readonly linux: string;
}

/** The first Linux release with each ABI. */
export const ABI_LINUX: Readonly<Record<number, string>> = {
  1: "5.13",
  2: "5.19",
  3: "6.2",
  4: "6.7",
  5: "6.10",
  6: "6.12",
  7: "6.15",
  8: "7.0",
  9: "7.1",
  10: "7.2",
  11: "7.3",
};

/** The newest ABI that this table describes; on a newer kernel landlockd uses what it knows. */
export const HIGHEST_ABI = 11;

export type FsRight =
  | "execute"
  | "write_file"
  | "read_file"
  | "read_dir"
  | "remove_dir"
  | "remove_file"
  | "make_char"
  | "make_dir"
  | "make_reg"
  | "make_sock"
  | "make_fifo"
  | "make_block"
  | "make_sym"
  | "refer"
  | "truncate"
  | "ioctl_dev"
  | "resolve_unix";

/** LANDLOCK_ACCESS_FS_*. `file`: means something on a file too; a rule on a file may hold no other (EINVAL). */
export const FS_RIGHTS: readonly (Right<FsRight> & { readonly file: boolean })[] = [
  { name: "execute", bit: 0, abi: 1, linux: "5.13", file: true },
  { name: "write_file", bit: 1, abi: 1, linux: "5.13", file: true },
  { name: "read_file", bit: 2, abi: 1, linux: "5.13", file: true },
  { name: "read_dir", bit: 3, abi: 1, linux: "5.13", file: false },
  { name: "remove_dir", bit: 4, abi: 1, linux: "5.13", file: false },
  { name: "remove_file", bit: 5, abi: 1, linux: "5.13", file: false },
  { name: "make_char", bit: 6, abi: 1, linux: "5.13", file: false },
  { name: "make_dir", bit: 7, abi: 1, linux: "5.13", file: false },
  { name: "make_reg", bit: 8, abi: 1, linux: "5.13", file: false },
  { name: "make_sock", bit: 9, abi: 1, linux: "5.13", file: false },
  { name: "make_fifo", bit: 10, abi: 1, linux: "5.13", file: false },
  { name: "make_block", bit: 11, abi: 1, linux: "5.13", file: false },
  { name: "make_sym", bit: 12, abi: 1, linux: "5.13", file: false },
  { name: "refer", bit: 13, abi: 2, linux: "5.19", file: false },
  { name: "truncate", bit: 14, abi: 3, linux: "6.2", file: true },
  { name: "ioctl_dev", bit: 15, abi: 5, linux: "6.10", file: true },
  { name: "resolve_unix", bit: 16, abi: 9, linux: "7.1", file: true },
];

export type NetRight = "bind_tcp" | "connect_tcp" | "bind_udp" | "connect_send_udp";

/** LANDLOCK_ACCESS_NET_*. */
export const NET_RIGHTS: readonly Right<NetRight>[] = [
  { name: "bind_tcp", bit: 0, abi: 4, linux: "6.7" },
  { name: "connect_tcp", bit: 1, abi: 4, linux: "6.7" },
  { name: "bind_udp", bit: 2, abi: 10, linux: "7.2" },
  { name: "connect_send_udp", bit: 3, abi: 10, linux: "7.2" },
];

export type Scope = "abstract_unix_socket" | "signal";

/** LANDLOCK_SCOPE_*. */
export const SCOPES: readonly Right<Scope>[] = [
  { name: "abstract_unix_socket", bit: 0, abi: 6, linux: "6.12" },
  { name: "signal", bit: 1, abi: 6, linux: "6.12" },
];

/** A class of what only a capability allows, or of namespaces, that a ruleset can leave to a process by name. */
export interface Permission {
  readonly name: string;
  readonly abi: number;
  readonly linux: string;
}

/**
 * LANDLOCK_PERMISSION_*. Their names and ABI are those of the tree that becomes Linux 7.3 (include/linux/landlock.h, its
 * selftests); their bits aren't here because nothing handles them: no run has a capability, and no policy names these.
 */
export const PERMISSIONS: readonly Permission[] = [
  { name: "namespace_use", abi: 11, linux: "7.3" },
  { name: "capability_use", abi: 11, linux: "7.3" },
];

/** LANDLOCK_RESTRICT_SELF_*: flags of landlock_restrict_self(2). */
export const RESTRICT_SELF_FLAGS: readonly Right[] = [
  { name: "log_same_exec_off", bit: 0, abi: 7, linux: "6.15" },
  { name: "log_new_exec_on", bit: 1, abi: 7, linux: "6.15" },
  { name: "log_subdomains_off", bit: 2, abi: 7, linux: "6.15" },
  { name: "tsync", bit: 3, abi: 8, linux: "7.0" },
];

/** LANDLOCK_ADD_RULE_*: flags of landlock_add_rule(2). */
export const ADD_RULE_FLAGS: readonly Right[] = [{ name: "quiet", bit: 0, abi: 10, linux: "7.2" }];

/** Flags of landlock_create_ruleset(2) that make it a query: attr NULL, size 0. */
export const LANDLOCK_CREATE_RULESET_VERSION: number = 1 << 0;
export const LANDLOCK_CREATE_RULESET_ERRATA: number = 1 << 1;

/** What LANDLOCK_CREATE_RULESET_ERRATA reports, as bit `number - 1`. Source: security/landlock/errata/. */
export interface Erratum {
  readonly number: number;
  /** The ABI whose feature it corrects. */
  readonly abi: number;
  /** What goes wrong while the bit is clear. */
  readonly unfixed: string;
}

export const ERRATA: readonly Erratum[] = [
  { number: 1, abi: 4, unfixed: "the TCP rights also restrict sockets that aren't TCP (SMC, MPTCP, SCTP)" },
  { number: 2, abi: 6, unfixed: "the signal scope also stops signals between the threads of one process" },
  { number: 3, abi: 1, unfixed: "a folder moved out of its mount may be reached with rights that it shouldn't have" },
  { number: 4, abi: 1, unfixed: "whiteouts, as overlays have them, take the right make_char and not make_reg" },
];

/** The first ABI whose kernels tell of errata: before, the query fails, and nothing is known. */
export const ERRATA_ABI = 7;

/** Layers that one thread can carry (LANDLOCK_MAX_NUM_LAYERS); one more fails with E2BIG. */
export const LANDLOCK_MAX_LAYERS = 16;

/**
 * The bits of the named rights in one of the tables above. Bits stay below 31, so a mask is a non-negative number.
 * @throws RangeError as `rightOf`.
 */
export function rightsMask(table: readonly Right[], names: Iterable<string>): number {
  let mask = 0;
  for (const name of names) mask |= 1 << rightOf(table, name).bit;
  return mask;
}

/** The right of a name. @throws RangeError for a name that the table doesn't hold: the schema lets none through. */
export function rightOf(table: readonly Right[], name: string): Right {
  for (const right of table) if (right.name === name) return right;
  throw new RangeError(`no such right: ${name}`);
}

function maskOf<R extends Right>(table: readonly R[], has: (right: R) => boolean): number {
  let mask = 0;
  for (const right of table) if (has(right)) mask |= 1 << right.bit;
  return mask;
}

/** The bits of a table's rights that an ABI has. */
export function supportedMask(table: readonly Right[], abi: number): number {
  return maskOf(table, (right) => right.abi <= abi);
}

/** The names behind a mask, in the order of their bits. */
export function rightNames(table: readonly Right[], mask: number): readonly string[] {
  return table.filter((right) => (mask & (1 << right.bit)) !== 0).map((right) => right.name);
}

export function supportedFs(abi: number): number {
  return supportedMask(FS_RIGHTS, abi);
}

export function supportedNet(abi: number): number {
  return supportedMask(NET_RIGHTS, abi);
}

export function supportedScopes(abi: number): number {
  return supportedMask(SCOPES, abi);
}

/** The rights that a rule on a file (not a folder) may hold: ACCESS_FILE in security/landlock/fs.c. */
export const FILE_RIGHTS: number = maskOf(FS_RIGHTS, (right) => right.file);

/** The rights that mean something only on a folder. */
export const FOLDER_RIGHTS: number = supportedFs(HIGHEST_ABI) & ~FILE_RIGHTS;

/** What a message says that a host has. Not with a Linux: a later one than the first with this ABI is as likely. */
export function hostAbiText(abi: number): string {
  return abi < 1 ? "no Landlock" : `Landlock ABI ${abi}`;
}

/** `Landlock ABI 4 (Linux 6.7)`: what a message says that a right needs. */
export function abiText(abi: number): string {
  const linux = ABI_LINUX[abi];
  return linux === undefined ? `Landlock ABI ${abi}` : `Landlock ABI ${abi} (Linux ${linux})`;
}
