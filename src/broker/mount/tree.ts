/** mount(2), umount2(2), open_tree(2), move_mount(2) and mount_setattr(2) on declared sources and targets. */

import { EINVAL, ENOSPC } from "../../kernel/errno.ts";
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from "../../kernel/file.ts";
import {
  MNT_DETACH,
  MOUNT_ATTR_RDONLY,
  MOUNT_RESTRICTIONS,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_F_SYMLINKS,
  MOVE_MOUNT_KNOWN,
  MOVE_MOUNT_T_EMPTY_PATH,
  MOVE_MOUNT_T_SYMLINKS,
  MS_BIND,
  MS_MOVE,
  MS_PROPAGATION,
  MS_RDONLY,
  MS_REMOUNT,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
  UMOUNT_NOFOLLOW,
} from "../../kernel/mount.ts";
import type { Command, Done } from "../../native/supervisor.ts";
import type { At } from "../request.ts";
import { type Answer, done, type Mounting, refused } from "./answer.ts";
import { type Lease, tokenFor } from "./leases.ts";
import { whereIs, whereLeads } from "./locate.ts";
import { tmpfsOptions } from "./options.ts";
import type { MountRequest } from "./request.ts";
import type { Mounted, MountTarget } from "./table.ts";

type Of<Kind extends MountRequest["kind"]> = Extract<MountRequest, { readonly kind: Kind }>;

/** Most mounts at a time that the workload has made; the kernel's own limit answers ENOSPC too. */
const MOUNTS_MAX = 64;

/** Where a target is, and the shown path of one that can't be told. */
function pathOf(mounting: Mounting, at: At, isFd: boolean, follow: boolean): string {
  const found = isFd && at.path === "" ? whereIs(mounting.tid, at.dirFd) : whereLeads(mounting.tid, at, follow);
  return found ?? at.path;
}

function targetsAt(mounting: Mounting, path: string): MountTarget[] {
  return mounting.table.targets.filter((target) => target.path === path);
}

/** The declared sources that a path may mean: as it is spelled, and as it leads, seen from the host. */
function sourcesOf(mounting: Mounting, at: At): readonly string[] {
  const led = whereLeads(mounting.tid, at, true);
  return led === undefined ? [at.path] : [at.path, `${mounting.root}${led === "/" && mounting.root !== "" ? "" : led}`];
}

/** Records a mount that the keeper has made. */
function made(mounting: Mounting, target: MountTarget, result: Done, attributes: number, path: string): Answer {
  if (result.errno === 0) mounting.table.add({ id: result.mountId, target, attributes });
  return done(result, path);
}

const full = (mounting: Mounting): boolean => mounting.table.count >= MOUNTS_MAX;
const noRoom = (path: string): Answer => ({ result: -ENOSPC, path, declared: true });

function mountTmpfs(request: Of<"mount">, mounting: Mounting, path: string): Answer {
  const target = targetsAt(mounting, path).find(({ use }) => use.kind === "tmpfs");
  if (target === undefined) return refused(path);
  const options = tmpfsOptions(request.data);
  if (options === undefined) return { result: -EINVAL, path, declared: true };
  if (full(mounting)) return noRoom(path);
  const attributes = request.flags & MOUNT_RESTRICTIONS;
  const b = BigInt(options.mode) | (BigInt(attributes) << 32n);
  return made(
    mounting,
    target,
    mounting.keeper({ kind: "tmpfs", op: target.op, a: options.bytes, b }),
    attributes,
    path,
  );
}

function bind(mounting: Mounting, source: At, path: string): Answer {
  const sources = sourcesOf(mounting, source);
  const target = targetsAt(mounting, path).find(({ use }) => use.kind === "bind" && sources.includes(use.source));
  if (target?.use.kind !== "bind") return refused(path);
  if (full(mounting)) return noRoom(path);
  const attributes = target.use.readOnly ? MOUNT_ATTR_RDONLY : 0;
  return made(mounting, target, mounting.keeper({ kind: "bind", op: target.op }), attributes, path);
}

/** Attributes are added; a remount that would make a read-only mount writable is what an unprivileged caller may not. */
function remount(request: Of<"mount">, mounting: Mounting, path: string): Answer {
  const mounted = mounting.table.topOf(path);
  if (mounted === undefined || request.data !== "") return refused(path);
  if ((mounted.attributes & MOUNT_ATTR_RDONLY) !== 0 && (request.flags & MS_RDONLY) === 0) return refused(path);
  return restrict(mounting, mounted, request.flags & MOUNT_RESTRICTIONS, path);
}

export function onMount(request: Of<"mount">, mounting: Mounting): Answer {
  const { flags, at, fsType } = request;
  const path = pathOf(mounting, at, false, true);
  if ((flags & (MS_MOVE | MS_PROPAGATION)) !== 0) return refused(path);
  if ((flags & MS_REMOUNT) !== 0) return remount(request, mounting, path);
  if ((flags & MS_BIND) !== 0) return bind(mounting, { ...at, path: request.source }, path);
  return fsType === "tmpfs" ? mountTmpfs(request, mounting, path) : refused(path);
}

export function onUnmount({ at, flags }: Of<"umount">, mounting: Mounting): Answer {
  const path = pathOf(mounting, at, false, (flags & UMOUNT_NOFOLLOW) === 0);
  if (targetsAt(mounting, path).length === 0 || (flags & ~(MNT_DETACH | UMOUNT_NOFOLLOW)) !== 0) return refused(path);
  const mounted = mounting.table.topOf(path);
  if (mounted === undefined) return { result: -EINVAL, path, declared: true };
  mounting.leases.forget(mounted.id);
  const command: Command = { kind: "unmount", op: mounted.target.op, a: mounted.id, b: flags & MNT_DETACH };
  const result = mounting.keeper(command);
  // EINVAL: it is there no more, gone with a mount beneath it.
  if (result.errno === 0 || result.errno === EINVAL) mounting.table.remove(mounted);
  return done(result, path);
}

/** A copy of a declared source, for move_mount. Read-only if no entry of that source is anything else. */
export function onOpenTree({ at, flags }: Of<"open_tree">, mounting: Mounting): Answer {
  const sources = sourcesOf(mounting, at);
  const entries = mounting.table.targets.filter(({ use }) => use.kind === "bind" && sources.includes(use.source));
  const [entry] = entries.toSorted((one, other) => Number(isReadOnly(one)) - Number(isReadOnly(other)));
  if (entry?.use.kind !== "bind" || (flags & OPEN_TREE_CLONE) === 0) return refused(at.path);
  const cloned = mounting.keeper({ kind: "clone", op: entry.op, a: isReadOnly(entry) ? 1 : 0 });
  if (cloned.errno !== 0) return done(cloned, at.path);
  const attributes = isReadOnly(entry) ? MOUNT_ATTR_RDONLY : 0;
  const token = tokenFor(cloned.fd, false);
  mounting.leases.add({
    fd: cloned.fd,
    token,
    origin: { kind: "source", source: entry.use.source },
    what: "tree",
    mountId: cloned.mountId,
    attributes,
    attached: false,
    sized: false,
  });
  return { ...done(cloned, at.path), fd: token, closeOnExec: flags & OPEN_TREE_CLOEXEC };
}

function isReadOnly({ use }: MountTarget): boolean {
  return use.kind === "bind" && use.readOnly;
}

/** Whether a tree may be attached to a target. */
function fits({ origin }: Lease, { use }: MountTarget): boolean {
  if (origin.kind === "object") return use.kind === "attach" && use.object === origin.object;
  return use.kind === "bind" && use.source === origin.source;
}

export function onMoveMount({ from, to, flags }: Of<"move_mount">, mounting: Mounting): Answer {
  const path = pathOf(mounting, to, (flags & MOVE_MOUNT_T_EMPTY_PATH) !== 0, (flags & MOVE_MOUNT_T_SYMLINKS) !== 0);
  if ((flags & ~MOVE_MOUNT_KNOWN) !== 0) return refused(path);
  if (from.path !== "") {
    const source = (flags & MOVE_MOUNT_F_SYMLINKS) !== 0 || whereLeads(mounting.tid, from, false) !== undefined;
    return source ? bind(mounting, from, path) : refused(path);
  }
  const lease = (flags & MOVE_MOUNT_F_EMPTY_PATH) === 0 ? undefined : mounting.leases.find(mounting.tid, from.dirFd);
  if (lease?.what !== "tree" || lease.attached) return refused(path);
  const target = targetsAt(mounting, path).find((each) => fits(lease, each));
  if (target === undefined) return refused(path);
  if (full(mounting)) return noRoom(path);
  const result = mounting.keeper({ kind: "attach", op: target.op, b: lease.attributes, fd: lease.fd });
  lease.attached = result.errno === 0;
  if (isReadOnly(target)) lease.attributes |= MOUNT_ATTR_RDONLY;
  return made(mounting, target, result, lease.attributes, path);
}

/** What may be set on a target's mount: on an object what its entry says, on all else what restricts. */
function allowed(target: MountTarget): number {
  return target.use.kind === "attach" ? target.use.object.attributes : MOUNT_RESTRICTIONS;
}

function restrict(mounting: Mounting, mounted: Mounted, attributes: number, path: string): Answer {
  if ((attributes & ~allowed(mounted.target)) !== 0) return refused(path);
  const { op } = mounted.target;
  const result = mounting.keeper({ kind: "restrict", op, a: mounted.id, b: attributes });
  if (result.errno === 0) mounted.attributes |= attributes;
  return done(result, path);
}

function restrictTree(mounting: Mounting, lease: Lease, attributes: number): Answer {
  const { origin } = lease;
  const name = origin.kind === "object" ? origin.object.name : origin.source;
  const may = origin.kind === "object" ? origin.object.attributes : MOUNT_RESTRICTIONS;
  const entry =
    origin.kind === "object"
      ? origin.object
      : mounting.table.targets.find(({ use }) => use.kind === "bind" && use.source === origin.source);
  if (entry === undefined || (attributes & ~may) !== 0) return refused(name);
  const result = mounting.keeper({ kind: "restrict", op: entry.op, b: attributes, fd: lease.fd });
  if (result.errno === 0) {
    lease.attributes |= attributes;
    const mounted = mounting.table.byId(lease.mountId);
    if (mounted !== undefined) mounted.attributes |= attributes;
  }
  return done(result, name);
}

export function onSetAttr({ at, flags, set, other }: Of<"mount_setattr">, mounting: Mounting): Answer {
  const isFd = at.path === "" && (flags & AT_EMPTY_PATH) !== 0;
  const attributes = Number(set);
  const lease = isFd ? mounting.leases.find(mounting.tid, at.dirFd) : undefined;
  if (other !== 0n || (attributes & ~MOUNT_RESTRICTIONS) !== 0) return refused(at.path === "" ? null : at.path);
  if (lease?.what === "tree") return restrictTree(mounting, lease, attributes);
  const path = pathOf(mounting, at, isFd, (flags & AT_SYMLINK_NOFOLLOW) === 0);
  const mounted = mounting.table.topOf(path);
  return mounted === undefined ? refused(path) : restrict(mounting, mounted, attributes, path);
}
