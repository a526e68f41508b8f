/** `[broker]` → the system calls that the supervisor has to see, as narrow as registers let a filter be. Pure. */

import { ARCH_FLAGS, O_ACCMODE, O_CREAT, O_PATH, O_TRUNC, S_IFIFO, S_IFMT, S_IFREG } from "../kernel/file.ts";
import type { ArgTest } from "../kernel/protections.ts";
import type { Arch } from "../kernel/syscalls.ts";
import { OPS } from "../plan/layout.ts";
import type { PlanOp } from "../plan/plan.ts";
import type { Broker } from "../policy/policy.ts";
import type { Trap } from "./filter.ts";

/** Where the flags of an open are in a register. */
const FLAGGED_OPENS = [
  { syscall: "open", arg: 1 },
  { syscall: "openat", arg: 2 },
] as const;

function opens(tests: (arg: number) => readonly ArgTest[]): Trap[] {
  return FLAGGED_OPENS.map(({ syscall, arg }) => ({ syscalls: [syscall], tests: tests(arg) }));
}

/** No bit of the mask is set. */
function none(arg: number, mask: number): ArgTest {
  return { arg, mask, is: "one_of", values: [0] };
}

/** Some bit of the mask is set. */
function any(arg: number, mask: number): ArgTest {
  return { arg, mask, is: "none_of", values: [0] };
}

/** O_PATH opens aren't trapped at all: Landlock doesn't restrict them, and what they give can't be read or written. */
function openTraps(broker: Broker, arch: Arch): Trap[] {
  if (broker.scratch.length > 0) {
    return [...opens((arg) => [none(arg, O_PATH)]), { syscalls: ["openat2", "creat"] }];
  }
  const reads = broker.allow_read.length > 0;
  const writes = broker.allow_write.length > 0;
  const traps: Trap[] = [];
  if (reads) traps.push(...opens((arg) => [none(arg, O_PATH | O_ACCMODE | O_TRUNC)]));
  if (writes) {
    // An O_TMPFILE without its O_DIRECTORY would be one bit less to test, but that bit alone is no file of a list.
    const directory = ARCH_FLAGS[arch].O_DIRECTORY;
    traps.push(...opens((arg) => [none(arg, O_PATH | directory), any(arg, O_ACCMODE | O_TRUNC | O_CREAT)]));
  }
  if (reads || writes) traps.push({ syscalls: ["openat2"] });
  if (writes) traps.push({ syscalls: ["creat"] });
  return traps;
}

const SCRATCH_CALLS: readonly string[] = [
  "mkdir",
  "mkdirat",
  "rename",
  "renameat",
  "renameat2",
  "link",
  "linkat",
  "symlink",
  "symlinkat",
  "unlink",
  "unlinkat",
  "rmdir",
  "truncate",
];

/** mknod(2) makes plain files and FIFOs for everybody; a type of 0 is a plain file. Devices and sockets aren't brokered. */
function scratchTraps(broker: Broker): Trap[] {
  if (broker.scratch.length === 0) return [];
  const kinds = (arg: number): ArgTest[] => [{ arg, mask: S_IFMT, is: "one_of", values: [0, S_IFREG, S_IFIFO] }];
  return [
    { syscalls: SCRATCH_CALLS },
    { syscalls: ["mknod"], tests: kinds(1) },
    { syscalls: ["mknodat"], tests: kinds(2) },
  ];
}

/** The traps of a broker table's file lists; none where it has no such list. */
export function brokerTraps(broker: Broker | undefined, arch: Arch): readonly Trap[] {
  return broker === undefined ? [] : [...openTraps(broker, arch), ...scratchTraps(broker)];
}

/** The lists in the order in which a plan has them, and the flag of `listed` that says which one an entry is on. */
const LISTS = [
  { key: "scratch", flag: "scratch" },
  { key: "export", flag: "export" },
  { key: "allow_read", flag: "read" },
  { key: "allow_write", flag: "write" },
] as const;

/** What a broker table lists, for whoever pins it without the policy: the front (csrc/front/pin.c). */
export function brokerLists(broker: Broker | undefined): readonly PlanOp[] {
  if (broker === undefined) return [];
  return LISTS.flatMap(({ key, flag }) => {
    const flags = OPS.listed.flags[flag] ?? 0;
    return broker[key].map((text, index): PlanOp => ({ kind: "listed", flags, text, key: ["broker", key, index] }));
  });
}
