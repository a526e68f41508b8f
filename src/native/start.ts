/** What landlockd was started with: from the front's record (csrc/native/start.h), or as near as can be had without a front. */

import { fieldOf } from "../base/field.ts";
import { memoryAt, native } from "./library.ts";
import { syscall } from "./syscall.ts";

export interface StartState {
  /** Whether a front ran: without one, what Bun changed before our first line can only be guessed. */
  readonly front: boolean;
  /** Raw bytes, without NUL. */
  readonly argv: readonly Uint8Array[];
  readonly env: readonly Uint8Array[];
  /** Bit n - 1: signal n. */
  readonly ignored: bigint;
  readonly blocked: bigint;
  readonly nofile: { readonly soft: bigint; readonly hard: bigint };
  /** F_GETFL of fds 0, 1, 2; -1 where unknown or closed. */
  readonly stdioFlags: readonly [number, number, number];
  /** Bit n: fd n was closed. */
  readonly closedFds: number;
  /** SHA-256 that names this build; undefined without a front. */
  readonly build: Uint8Array | undefined;
}

/** strlen(3) by pages: memory past the string's page may not be there. */
function readString(address: number): Uint8Array {
  let size = 0;
  for (;;) {
    const chunk = 4096 - ((address + size) % 4096);
    const end = new Uint8Array(memoryAt(address + size, 0, chunk)).indexOf(0);
    if (end >= 0) return new Uint8Array(memoryAt(address, 0, size + end + 1)).slice(0, size + end);
    size += chunk;
  }
}

/** The strings of a pointer list. The kernel put them one behind the other, so that one read has all but the last. */
function readStrings(list: number, count: number): Uint8Array[] {
  const pointers = Array.from(new BigUint64Array(memoryAt(list, 0, 8 * count).slice(0)), Number);
  const first = pointers[0] ?? 0;
  const last = pointers.at(-1) ?? 0;
  const block = last > first ? new Uint8Array(memoryAt(first, 0, last - first)).slice() : new Uint8Array();
  return pointers.map((pointer) => {
    const end = pointer < first ? -1 : block.indexOf(0, pointer - first);
    return end < 0 ? readString(pointer) : block.subarray(pointer - first, end);
  });
}

/** Offset of ll_start.build (csrc/native/start.h). */
const BUILD_AT = 336;

/** Offsets of ll_start.supervisor and warned, and the record's size. */
const SUPERVISOR_AT = 368;
const WARNED_AT = 376;
const RECORD_SIZE = 384;

function fromRecord(address: number): StartState {
  const view = new DataView(memoryAt(address, 0, RECORD_SIZE));
  const u64 = (offset: number): bigint => view.getBigUint64(offset, true);
  const nofile = 80 + 7 * 16;
  return {
    front: true,
    argv: readStrings(Number(u64(24)), Number(u64(16))),
    env: Number(u64(32)) === 0 ? [] : readStrings(Number(u64(40)), Number(u64(32))),
    ignored: u64(48),
    blocked: u64(56),
    nofile: { soft: u64(nofile), hard: u64(nofile + 8) },
    stdioFlags: [view.getInt32(68, true), view.getInt32(72, true), view.getInt32(76, true)],
    closedFds: view.getUint32(64, true),
    build: new Uint8Array(memoryAt(address + BUILD_AT, 0, 32)).slice(),
  };
}

function splitStrings(bytes: Uint8Array): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(0, from);
    strings.push(bytes.subarray(from, end < 0 ? bytes.length : end));
    from = end < 0 ? bytes.length : end + 1;
  }
  return strings;
}

const RLIMIT_NOFILE = 7;
/** What Bun ignores although nobody asked: SIGPIPE and SIGXFSZ (docs/bun-start.md). */
const IGNORED_BY_BUN = (1n << 12n) | (1n << 24n);

/** Loaded only here: see file.ts. */
function readProc(name: string): Uint8Array {
  return process.getBuiltinModule("node:fs").readFileSync(`/proc/self/${name}`);
}

/** Without a front: argv and environment as the kernel keeps them; the soft limit is what it was if Bun didn't raise it. */
function fromProc(): StartState {
  const status = Buffer.from(readProc("status")).toString("latin1");
  const mask = (name: string): bigint => BigInt(`0x${fieldOf(status, name) ?? "0"}`);
  const limits = new BigUint64Array(2);
  syscall("prlimit64", 0, RLIMIT_NOFILE, 0, limits);
  return {
    front: false,
    argv: splitStrings(readProc("cmdline")),
    env: splitStrings(readProc("environ")),
    ignored: mask("SigIgn") & ~IGNORED_BY_BUN,
    blocked: mask("SigBlk"),
    nofile: { soft: limits[0] ?? 0n, hard: limits[1] ?? 0n },
    stdioFlags: [-1, -1, -1],
    closedFds: 0,
    build: undefined,
  };
}

/** Whether a front ran. */
export function hasFront(): boolean {
  return native().ll_start_record() !== 0;
}

/** Of the supervisor of a run that the front has started (supervisor.ts); 0 where there is none. */
export function supervisorAddress(): number {
  const address = native().ll_start_record();
  if (address === 0) return 0;
  return Number(new DataView(memoryAt(address, SUPERVISOR_AT, 8)).getBigUint64(0, true));
}

/** Whether the front has told on stderr what the run is warned of. */
export function wasWarned(): boolean {
  const address = native().ll_start_record();
  return address !== 0 && new DataView(memoryAt(address, WARNED_AT, 8)).getUint32(0, true) === 1;
}

let state: StartState | undefined;

/** Read once; cheap afterwards. */
export function startState(): StartState {
  if (state === undefined) {
    const address = native().ll_start_record();
    state = address === 0 ? fromProc() : fromRecord(address);
  }
  return state;
}
