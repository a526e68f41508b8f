/**
 * A policy after loading: validated, defaults filled in, variables expanded. The keys are those of the TOML; what each
 * means is written in `schema.ts`, which proves at compile time that its output is exactly this type.
 * A table that the policy doesn't have stays absent: no `[net]` and a `[net]` without rules are opposites.
 */

import type { FsRight, NetRight, Scope } from "../kernel/landlock.ts";

export interface FsRule {
  readonly path: string;
  readonly allowed_access: readonly FsRight[];
  readonly optional: boolean;
}

export interface FsLayer {
  readonly handled_access_fs: readonly FsRight[];
  readonly rule: readonly FsRule[];
}

export interface NetRule {
  readonly port: number;
  readonly allowed_access: readonly NetRight[];
}

export interface Net {
  readonly handled_access_net: readonly NetRight[];
  readonly rule: readonly NetRule[];
}

export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly read_only: boolean;
}

export interface MountObject {
  readonly name: string;
  readonly fs_type: "tmpfs" | "proc";
  readonly attach: readonly string[];
  readonly attrs: readonly ("readonly" | "nosuid" | "nodev" | "noexec")[];
}

export interface Broker {
  readonly allow_read: readonly string[];
  readonly allow_write: readonly string[];
  readonly scratch: readonly string[];
  readonly export: readonly string[];
  readonly mount_tmpfs: readonly string[];
  readonly mount_bind: readonly Bind[];
  readonly mount_object: readonly MountObject[];
}

export interface Tmpfs {
  readonly path: string;
  /** Bytes. */
  readonly size?: number;
  /** Permission bits, as in chmod(2). */
  readonly mode?: number;
}

export interface Mount {
  readonly tmpfs: readonly Tmpfs[];
  readonly proc: readonly string[];
  readonly bind: readonly Bind[];
}

export interface Runtime {
  readonly root?: string;
  readonly cwd?: string;
}

export interface Seccomp {
  readonly deny: readonly string[];
  /** Positive errno that denied calls fail with. */
  readonly errno: number;
  readonly allow: readonly string[];
}

export interface ScopeTable {
  readonly allow: readonly Scope[];
}

export interface Policy {
  readonly version: 1;
  readonly compat: "strict" | "best-effort";
  readonly without: readonly (FsRight | NetRight)[];
  readonly fs_layer: readonly FsLayer[];
  readonly net?: Net;
  readonly broker?: Broker;
  readonly mount?: Mount;
  readonly runtime?: Runtime;
  readonly seccomp?: Seccomp;
  readonly scope?: ScopeTable;
}
