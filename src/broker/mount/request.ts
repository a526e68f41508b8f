/** The mount calls as the broker sees them: registers and copied memory, nothing looked up yet. */

import { AT_FDCWD } from "../../kernel/file.ts";
import { MOUNT_ATTR_SIZE_BYTES, MOUNT_CALLS, MS_MGC_MSK, MS_MGC_VAL } from "../../kernel/mount.ts";
import { numberOf } from "../../native/syscall.ts";
import { copyBytes, copyPath } from "../caller.ts";
import type { Listener } from "../listener.ts";
import type { At } from "../request.ts";

export type MountRequest =
  | {
      readonly kind: "mount";
      /** Binary strings; empty where the pointer is NULL. */
      readonly source: string;
      readonly fsType: string;
      readonly data: string;
      readonly at: At;
      readonly flags: number;
    }
  | { readonly kind: "umount"; readonly at: At; readonly flags: number }
  | { readonly kind: "open_tree"; readonly at: At; readonly flags: number }
  | { readonly kind: "move_mount"; readonly from: At; readonly to: At; readonly flags: number }
  | { readonly kind: "fsopen"; readonly name: string; readonly flags: number }
  | {
      readonly kind: "fsconfig";
      readonly fd: number;
      readonly command: number;
      readonly key: string;
      readonly value: string;
    }
  | { readonly kind: "fsmount"; readonly fd: number; readonly flags: number; readonly attributes: number }
  | {
      readonly kind: "mount_setattr";
      readonly at: At;
      readonly flags: number;
      readonly set: bigint;
      /** Attributes to clear and propagation to change, in any combination: never allowed. */
      readonly other: bigint;
    };

type Parser = (listener: Listener) => MountRequest | undefined;

/** The string at a pointer; empty for NULL. */
function textAt(listener: Listener, index: number): string | undefined {
  const address = listener.pointer(index);
  return address === 0 ? "" : copyPath(listener.tid, address);
}

function at(listener: Listener, dir: number, path: number): At | undefined {
  const text = copyPath(listener.tid, listener.pointer(path));
  if (text === undefined) return undefined;
  return { dirFd: dir < 0 ? AT_FDCWD : listener.signedArgument(dir), path: text };
}

const mount: Parser = (listener) => {
  const source = textAt(listener, 0);
  const target = source === undefined ? undefined : at(listener, -1, 1);
  const fsType = target === undefined ? undefined : textAt(listener, 2);
  // The kernel copies a page and no string ends there by force: one that doesn't is no option that we know.
  const data = fsType === undefined ? undefined : textAt(listener, 4);
  if (source === undefined || target === undefined || fsType === undefined || data === undefined) return undefined;
  const flags = listener.argument(3);
  const isOld = (flags & MS_MGC_MSK) >>> 0 === MS_MGC_VAL;
  return { kind: "mount", source, at: target, fsType, data, flags: isOld ? flags & ~MS_MGC_MSK : flags };
};

const setattr: Parser = (listener) => {
  if (listener.wideArgument(4) !== BigInt(MOUNT_ATTR_SIZE_BYTES)) return undefined;
  const attr = copyBytes(listener.tid, listener.pointer(3), MOUNT_ATTR_SIZE_BYTES);
  if (attr === undefined) return undefined;
  const set = attr.readBigUInt64LE(0);
  const other = attr.readBigUInt64LE(8) | attr.readBigUInt64LE(16) | attr.readBigUInt64LE(24);
  const where = at(listener, 0, 1);
  return where && { kind: "mount_setattr", at: where, flags: listener.argument(2), set, other };
};

const fsconfig: Parser = (listener) => {
  const key = textAt(listener, 2);
  const value = key === undefined ? undefined : textAt(listener, 3);
  if (key === undefined || value === undefined) return undefined;
  return { kind: "fsconfig", fd: listener.signedArgument(0), command: listener.argument(1), key, value };
};

const PARSERS: Readonly<Record<string, Parser>> = {
  mount,
  fsconfig,
  mount_setattr: setattr,
  umount2: (listener) => {
    const where = at(listener, -1, 0);
    return where && { kind: "umount", at: where, flags: listener.argument(1) };
  },
  open_tree: (listener) => {
    const where = at(listener, 0, 1);
    return where && { kind: "open_tree", at: where, flags: listener.argument(2) };
  },
  move_mount: (listener) => {
    const from = at(listener, 0, 1);
    const to = from && at(listener, 2, 3);
    return from && to && { kind: "move_mount", from, to, flags: listener.argument(4) };
  },
  fsopen: (listener) => {
    const name = copyPath(listener.tid, listener.pointer(0));
    return name === undefined ? undefined : { kind: "fsopen", name, flags: listener.argument(1) };
  },
  fsmount: (listener) => ({
    kind: "fsmount",
    fd: listener.signedArgument(0),
    flags: listener.argument(1),
    attributes: listener.argument(2),
  }),
};

const parsers: ReadonlyMap<number, Parser | undefined> = new Map(
  MOUNT_CALLS.map((name) => [numberOf(name), PARSERS[name]]),
);

/** Whether a call is one of these. */
export function isMountCall(call: number): boolean {
  return parsers.has(call);
}

/** The request that the listener holds; undefined where the caller's memory doesn't hold what the call needs. */
export function readMountRequest(listener: Listener): MountRequest | undefined {
  return parsers.get(listener.call)?.(listener);
}
