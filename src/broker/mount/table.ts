/** What a plan lets the workload mount, and what it has mounted by now. */

import type { KeyPath } from "../../base/errors.ts";
import type { Broker, MountObject } from "../../policy/policy.ts";
import { binaryPath } from "../roots.ts";

/** An operation of a plan, as far as it says what may be mounted. */
export interface AllowedOp {
  readonly kind: string;
  readonly text?: string | Uint8Array;
  readonly key?: KeyPath;
}

/** A place for mounts. Paths are binary strings. */
export interface MountTarget {
  /** Of the plan. */
  readonly op: number;
  /** As the workload sees it. */
  readonly path: string;
  readonly use:
    | { readonly kind: "tmpfs" }
    | { readonly kind: "bind"; readonly source: string; readonly readOnly: boolean }
    | { readonly kind: "attach"; readonly object: DeclaredObject };
}

/** An entry of `mount_object`. */
export interface DeclaredObject {
  readonly op: number;
  readonly name: string;
  readonly fsType: MountObject["fs_type"];
  /** MOUNT_ATTR_* that the workload may set. */
  readonly attributes: number;
}

const ATTRIBUTES: Readonly<Record<MountObject["attrs"][number], number>> = {
  readonly: 1,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
};

function indexIn(key: KeyPath | undefined): number {
  const index = key?.[2];
  if (typeof index !== "number") throw new Error("mount table: an op without its policy item");
  return index;
}

/** A mount of the workload's. */
export interface Mounted {
  readonly id: number;
  readonly target: MountTarget;
  attributes: number;
}

export class MountTable {
  readonly targets: readonly MountTarget[];
  readonly objects: readonly DeclaredObject[];
  /** In the order in which they were made. */
  #mounted: Mounted[] = [];

  constructor(ops: readonly AllowedOp[], broker: Broker) {
    const targets: MountTarget[] = [];
    const objects: DeclaredObject[] = [];
    ops.forEach(({ kind, text, key }, op) => {
      const path = typeof text === "string" ? binaryPath(text) : "";
      const object = objects.at(-1);
      if (kind === "allow_tmpfs") targets.push({ op, path, use: { kind: "tmpfs" } });
      else if (kind === "allow_bind") {
        const bind = broker.mount_bind[indexIn(key)];
        if (bind === undefined) throw new Error("mount table: a bind that the policy lacks");
        targets.push({ op, path, use: { kind: "bind", source: binaryPath(bind.source), readOnly: bind.read_only } });
      } else if (kind === "allow_object") objects.push(declared(broker, indexIn(key), op));
      else if (kind === "allow_attach" && object !== undefined)
        targets.push({ op, path, use: { kind: "attach", object } });
    });
    this.targets = targets;
    this.objects = objects;
  }

  get count(): number {
    return this.#mounted.length;
  }

  add(mounted: Mounted): void {
    this.#mounted.push(mounted);
  }

  /** The newest mount on a path. */
  topOf(path: string): Mounted | undefined {
    return this.#mounted.findLast(({ target }) => target.path === path);
  }

  byId(id: number): Mounted | undefined {
    return this.#mounted.find((mounted) => mounted.id === id);
  }

  remove(gone: Mounted): void {
    this.#mounted = this.#mounted.filter((mounted) => mounted !== gone);
  }
}

function declared(broker: Broker, index: number, op: number): DeclaredObject {
  const object = broker.mount_object[index];
  if (object === undefined) throw new Error("mount table: an object that the policy lacks");
  const attributes = object.attrs.reduce((mask, name) => mask | ATTRIBUTES[name], 0);
  return { op, name: binaryPath(object.name), fsType: object.fs_type, attributes };
}
