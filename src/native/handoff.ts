/** A run that the front has started, for this process to go on with (csrc/front/handoff.h). */

import { EINTR } from "../kernel/errno.ts";
import { S_IFSOCK } from "../kernel/file.ts";
import { memoryAt } from "./library.ts";
import type { Spawned } from "./spawn.ts";
import { handoffAddress } from "./start.ts";
import { syscall } from "./syscall.ts";

/** What an entry of the broker's lists is, pinned: a folder, or a file (-1 while there is none) and its folder. */
export interface Pin {
  readonly folderFd: number;
  readonly fileFd: number;
}

/** Where the run's events go; run.start is among them, waiting or lost. */
export interface HandedSink {
  readonly fd: number;
  readonly socket: boolean;
  /** What it hasn't taken yet: less than a line, or one. */
  readonly waiting: Uint8Array;
  readonly runId: string;
  /** Events that it didn't take, and the errno of the last of them. */
  readonly lost: number;
  readonly errno: number;
}

/** A process that goes on sifting requests while this one starts (csrc/front/beside.h). */
export interface Beside {
  readonly pid: number;
  readonly fd: number;
}

/** All fds are owned by whoever takes it. */
export interface Handoff {
  readonly spawned: Spawned;
  /** The bytes of the checked plan. */
  readonly plan: Uint8Array;
  /** Bit n - 1: signal n was blocked before the run. More are now, and wait. */
  readonly blocked: bigint;
  /** The workload's. */
  readonly pid: number;
  readonly pidFd: number;
  readonly listenerFd: number;
  /** The workload's wait status; -1 while it runs. */
  readonly status: number;
  /** What is left for its descendants, once it ended. */
  readonly graceMs: number;
  readonly sink: HandedSink | undefined;
  /** Each a struct seccomp_notif that was received and not answered. */
  readonly requests: readonly Uint8Array[];
  /** Who receives requests until we do; undefined where they wait. */
  readonly beside: Beside | undefined;
  /** One for each `listed` op of the plan, in their order. */
  readonly pins: readonly Pin[];
}

/** Offsets in struct ll_handoff. */
const AT = {
  plan: 32,
  planSize: 40,
  waiting: 48,
  waitingSize: 56,
  blocked: 64,
  pid: 72,
  pidFd: 76,
  listener: 80,
  status: 84,
  grace: 88,
  sink: 92,
  lost: 96,
  lostErrno: 100,
  asks: 104,
  pinCount: 108,
  besidePid: 112,
  beside: 116,
  sinkType: 120,
  requests: 128,
  runId: 368,
  pins: 408,
} as const;

/** LL_NOTIF_SIZE. */
const NOTIF_SIZE = 80;
const UUID_SIZE = 36;
const PIN_SIZE = 8;

function copyOf(address: number, size: number): Uint8Array {
  return size === 0 ? new Uint8Array() : new Uint8Array(memoryAt(address, 0, size)).slice();
}

/** The run that the front has started in this process; undefined where it hasn't. */
export function takeHandoff(): Handoff | undefined {
  const address = handoffAddress();
  if (address === 0) return undefined;
  const head = new DataView(memoryAt(address, 0, AT.pins));
  const i32 = (offset: number): number => head.getInt32(offset, true);
  const u64 = (offset: number): number => Number(head.getBigUint64(offset, true));
  const bytes = (offset: number, size: number): Uint8Array => new Uint8Array(memoryAt(address, offset, size)).slice();
  const pins = new DataView(memoryAt(address, AT.pins, Math.max(PIN_SIZE, i32(AT.pinCount) * PIN_SIZE)));
  const sinkFd = i32(AT.sink);
  return {
    spawned: { keeperPid: i32(0), keeperPidFd: i32(4), channelFd: i32(8), record: bytes(0, AT.plan) },
    plan: new Uint8Array(memoryAt(u64(AT.plan), 0, u64(AT.planSize))),
    blocked: head.getBigUint64(AT.blocked, true),
    pid: i32(AT.pid),
    pidFd: i32(AT.pidFd),
    listenerFd: i32(AT.listener),
    status: i32(AT.status),
    graceMs: i32(AT.grace),
    sink:
      sinkFd < 0
        ? undefined
        : {
            fd: sinkFd,
            socket: i32(AT.sinkType) === S_IFSOCK,
            waiting: copyOf(u64(AT.waiting), u64(AT.waitingSize)),
            runId: Buffer.from(bytes(AT.runId, UUID_SIZE)).toString("latin1"),
            lost: i32(AT.lost),
            errno: i32(AT.lostErrno),
          },
    requests: Array.from({ length: i32(AT.asks) }, (_, index) => bytes(AT.requests + index * NOTIF_SIZE, NOTIF_SIZE)),
    beside: i32(AT.besidePid) === 0 ? undefined : { pid: i32(AT.besidePid), fd: i32(AT.beside) },
    pins: Array.from({ length: i32(AT.pinCount) }, (_, index) => ({
      folderFd: pins.getInt32(index * PIN_SIZE, true),
      fileFd: pins.getInt32(index * PIN_SIZE + 4, true),
    })),
  };
}

const SHUT_WR = 1;
const WALL = 0x40000000;

/**
 * Ends who receives requests beside us, and gives the requests that it left to us: each a struct seccomp_notif.
 * @throws Error where it ended by itself: somebody may wait for an answer that never comes.
 */
export function endBeside({ pid, fd }: Beside): Uint8Array[] {
  const requests: Uint8Array[] = [];
  const status = new Int32Array(1);
  syscall("shutdown", fd, SHUT_WR);
  for (;;) {
    const request = new Uint8Array(NOTIF_SIZE);
    const size = syscall("recvfrom", fd, request, NOTIF_SIZE, 0, 0, 0);
    if (size === NOTIF_SIZE) requests.push(request);
    else if (size !== -EINTR) break;
  }
  while (syscall("wait4", pid, status, WALL, 0) === -EINTR);
  syscall("close", fd);
  if (status[0] !== 0) throw new Error("a process of landlockd's was killed");
  return requests;
}
