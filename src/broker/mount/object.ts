/** fsopen(2), fsconfig(2) and fsmount(2): filesystems of the workload's own making, of declared names only. */

import { EINVAL } from "../../kernel/errno.ts";
import { O_CLOEXEC } from "../../kernel/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_RDONLY,
} from "../../kernel/mount.ts";

import { syscall } from "../../native/syscall.ts";
import { type Answer, done, type Mounting, refused } from "./answer.ts";
import { type Lease, tokenFor } from "./leases.ts";
import { TMPFS_BYTES_MAX, tmpfsBytes } from "./options.ts";
import type { MountRequest } from "./request.ts";
import type { DeclaredObject } from "./table.ts";

type Of<Kind extends MountRequest["kind"]> = Extract<MountRequest, { readonly kind: Kind }>;

export function onFsOpen({ name, flags }: Of<"fsopen">, { table, leases, keeper }: Mounting): Answer {
  const object = table.objects.find((each) => each.name === name);
  if (object === undefined) return refused(name);
  if ((flags & ~FSOPEN_CLOEXEC) !== 0) return { result: -EINVAL, path: name, declared: true };
  const opened = keeper({ kind: "fsopen", op: object.op });
  if (opened.errno !== 0) return done(opened, name);
  const origin = { kind: "object", object } as const;
  const { fd } = opened;
  leases.add({ fd, token: fd, origin, what: "filesystem", mountId: 0, attributes: 0, attached: false, sized: false });
  return { ...done(opened, name), fd: opened.fd, closeOnExec: (flags & FSOPEN_CLOEXEC) === 0 ? 0 : O_CLOEXEC };
}

/** The object whose filesystem an fd is. */
function filesystem(lease: Lease | undefined): DeclaredObject | undefined {
  return lease?.what === "filesystem" && lease.origin.kind === "object" ? lease.origin.object : undefined;
}

/** Options that change nothing beyond the filesystem itself, by type. */
const STRINGS: Readonly<Record<DeclaredObject["fsType"], readonly string[]>> = {
  tmpfs: ["source", "size", "mode"],
  proc: ["source", "hidepid", "subset"],
};

function configure(fd: number, command: number, key: string, value: string | undefined): number {
  const text = (string: string): Uint8Array => Buffer.from(`${string}\0`, "latin1");
  return syscall("fsconfig", fd, command, text(key), value === undefined ? 0 : text(value), 0);
}

/** The option as it may be set; undefined for one that may not. */
function settable({ key, value }: Of<"fsconfig">, object: DeclaredObject): string | undefined {
  if (!STRINGS[object.fsType].includes(key)) return undefined;
  if (key !== "size") return value;
  return String(tmpfsBytes(value) ?? value); // what isn't a size, the kernel refuses
}

export function onFsConfig(request: Of<"fsconfig">, { tid, leases, keeper }: Mounting): Answer {
  const lease = leases.find(tid, request.fd);
  const object = filesystem(lease);
  if (lease === undefined || object === undefined) return refused(null);
  const answer = (result: number): Answer => ({ result, path: object.name, declared: true });
  switch (request.command) {
    case FSCONFIG_SET_FLAG:
      if (request.key !== "ro" || (object.attributes & MOUNT_ATTR_RDONLY) === 0) return refused(object.name);
      return answer(configure(lease.fd, request.command, request.key, undefined));
    case FSCONFIG_SET_STRING: {
      const value = settable(request, object);
      if (value === undefined) return refused(object.name);
      const result = configure(lease.fd, request.command, request.key, value);
      if (result === 0 && request.key === "size") lease.sized = true;
      return answer(result);
    }
    case FSCONFIG_CMD_CREATE: {
      if (object.fsType === "tmpfs" && !lease.sized) {
        configure(lease.fd, FSCONFIG_SET_STRING, "size", String(TMPFS_BYTES_MAX));
      }
      return done(keeper({ kind: "create", op: object.op, fd: lease.fd }), object.name);
    }
    default:
      return refused(object.name);
  }
}

export function onFsMount({ fd, flags, attributes }: Of<"fsmount">, { tid, leases, keeper }: Mounting): Answer {
  const lease = leases.find(tid, fd);
  const object = filesystem(lease);
  if (lease === undefined || object === undefined) return refused(null);
  const { name, op } = object;
  if ((attributes & ~object.attributes) !== 0) return refused(name);
  if ((flags & ~FSMOUNT_CLOEXEC) !== 0) return { result: -EINVAL, path: name, declared: true };
  const made = keeper({ kind: "fsmount", op, a: attributes, fd: lease.fd });
  if (made.errno !== 0) return done(made, name);
  const origin = { kind: "object", object } as const;
  // A filesystem is mounted once; what could be done with it now, reconfiguring, is refused.
  leases.drop(lease);
  const { mountId } = made;
  const token = tokenFor(made.fd, true);
  leases.add({ fd: made.fd, token, origin, what: "tree", mountId, attributes, attached: false, sized: false });
  return { ...done(made, name), fd: token, closeOnExec: (flags & FSMOUNT_CLOEXEC) === 0 ? 0 : O_CLOEXEC };
}
