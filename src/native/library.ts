/**
 * Opens `libsandbox.so`, embedded in the executable, from a sealed memfd. Bun's own way of opening an embedded library
 * extracts it to a predictable name in /tmp, where anybody may have put another one before (docs/bun-start.md).
 */

import { dlopen, type FFIFunction, FFIType, ptr, toArrayBuffer } from "bun:ffi";
import { EMFILE, ENFILE } from "../kernel/errno.ts";
import { errnoPhrase } from "../kernel/errno-names.ts";
import { LAYOUT_DIGEST } from "../plan/digest.gen.ts";
import { libraryBase64 } from "./embed.ts" with { type: "macro" };

const { f64, i32, u32, u64, ptr: pointer, i64, void: nothing } = FFIType;

/** An address in this process, as `addressOf` gives it. */
export type Address = ReturnType<typeof ptr>;

/** Every function that C exports; csrc/run/launch.h, supervisor.h, finish.h, audit/audit.h, front/host.h, listener.h, helper.h, probe.c, signals.h, sieve.h, syscall.c and start.c say what they do. */
export interface Native {
  ll_syscall(number: number, a: number, b: number, c: number, d: number, e: number, f: number): number;
  ll_layout_digest(digest: Address): void;
  ll_start_record(): number;
  ll_become(plan: Address, planSize: number, launch: Address, launchSize: number, failure: Address): number;
  ll_store_paths(paths: Address, size: number): number;
  ll_finish(plan: Address, planSize: number, origin: Address | null, failure: Address): number;
  ll_supervisor_init(own: Address): void;
  ll_supervisor_launch(own: Address, plan: Address, planSize: number, launch: Address, launchSize: number): number;
  ll_supervisor_step(own: Address, timeoutMs: number): number;
  ll_supervisor_command(own: Address, command: Address, fd: number, retFd: Address): number;
  ll_supervisor_tell_mounts(own: Address): void;
  ll_supervisor_end(own: Address): void;
  ll_supervisor_release(own: Address): void;
  ll_supervisor_catch_up(own: Address): void;
  ll_audit_open(names: Address, audit: Address, fd: Address): number;
  ll_audit_write(audit: Address, event: Address, jobId: Address | null, fields: Address, size: number): void;
  ll_audit_end(audit: Address, pid: number, status: number): void;
  ll_audit_finish(audit: Address, error: Address): number;
  ll_signals_block(signals: bigint): number;
  ll_probe_host(host: Address): number;
  ll_probe_listener(): number;
  ll_probe_mounts(namespaces: number, stage: Address): number;
  ll_signals_open(signals: bigint): number;
  ll_die(signal: number): number;
  ll_help_start(help: Address, helper: Address): number;
  ll_help_kill(helper: Address): number;
  ll_help_end(helper: Address): number;
  ll_handing_steps(): number;
  ll_give_fd(listener: number, id: Address, fd: number, fdFlags: number, steps: number): number;
  ll_sieve_receive(sieve: Address): number;
}

const SYMBOLS = {
  ll_syscall: { args: [i32, f64, f64, f64, f64, f64, f64], returns: f64 },
  ll_layout_digest: { args: [pointer], returns: nothing },
  ll_start_record: { args: [], returns: f64 },
  ll_become: { args: [pointer, u32, pointer, u32, pointer], returns: i32 },
  ll_store_paths: { args: [pointer, u32], returns: i32 },
  ll_finish: { args: [pointer, u32, pointer, pointer], returns: i32 },
  ll_supervisor_init: { args: [pointer], returns: nothing },
  ll_supervisor_launch: { args: [pointer, pointer, u32, pointer, u32], returns: i32 },
  ll_supervisor_step: { args: [pointer, i32], returns: i32 },
  ll_supervisor_command: { args: [pointer, pointer, i32, pointer], returns: i32 },
  ll_supervisor_tell_mounts: { args: [pointer], returns: nothing },
  ll_supervisor_end: { args: [pointer], returns: nothing },
  ll_supervisor_release: { args: [pointer], returns: nothing },
  ll_supervisor_catch_up: { args: [pointer], returns: nothing },
  ll_audit_open: { args: [pointer, pointer, pointer], returns: i32 },
  ll_audit_write: { args: [pointer, pointer, pointer, pointer, u32], returns: nothing },
  ll_audit_end: { args: [pointer, i32, i32], returns: nothing },
  ll_audit_finish: { args: [pointer, pointer], returns: u32 },
  ll_signals_block: { args: [u64], returns: i32 },
  ll_probe_host: { args: [pointer], returns: i32 },
  ll_probe_listener: { args: [], returns: i32 },
  ll_probe_mounts: { args: [u32, pointer], returns: i32 },
  ll_signals_open: { args: [u64], returns: i32 },
  ll_die: { args: [i32], returns: i32 },
  ll_help_start: { args: [pointer, pointer], returns: i32 },
  ll_help_kill: { args: [pointer], returns: i32 },
  ll_help_end: { args: [pointer], returns: i32 },
  ll_handing_steps: { args: [], returns: u32 },
  ll_give_fd: { args: [i32, pointer, i32, u32, u32], returns: i32 },
  ll_sieve_receive: { args: [pointer], returns: i32 },
} satisfies Record<keyof Native, FFIFunction>;

/** `bun:ffi` is imported here and nowhere else; what others need of it passes through. */
export const addressOf: typeof ptr = ptr;
export const memoryAt: typeof toArrayBuffer = toArrayBuffer;

/** A number that C gave, as the address that it is. */
export function asAddress(address: number): Address {
  return address as unknown as Address;
}

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE: nobody changes the code between the write and the mapping. */
const ALL_SEALS = 0xf;

/** Why there is no memory for the library, by errno; memfd_create(2). */
function memfdFailure(errno: number): string {
  const why = `memfd_create fails here with ${errnoPhrase(errno)}, and landlockd's own code is loaded from memory`;
  if (errno === EMFILE || errno === ENFILE) return `${why}: ulimit -n`;
  // Most likely the built-in protection of a landlockd run around this one.
  return `${why}: in another landlockd's run, that run's policy needs [seccomp] allow = ["memfd_create.exec"]`;
}

function errnoAt(place: bigint): number {
  return new Int32Array(toArrayBuffer(Number(place) as Address, 0, 4))[0] ?? 0;
}

/** A sealed memfd with the library's bytes; fcntl(2), memfd_create(2). */
function sealedCopy(bytes: Uint8Array): number {
  const libc = dlopen("libc.so.6", {
    memfd_create: { args: [pointer, u32], returns: i32 },
    write: { args: [i32, pointer, u64], returns: i64 },
    fcntl: { args: [i32, i32, i32], returns: i32 },
    __errno_location: { args: [], returns: u64 },
  }).symbols;
  const fd = libc.memfd_create(ptr(new TextEncoder().encode("libsandbox\0")), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw new Error(memfdFailure(errnoAt(libc.__errno_location())));
  if (Number(libc.write(fd, ptr(bytes), bytes.byteLength)) !== bytes.byteLength) {
    throw new Error(`its own code, ${bytes.byteLength} bytes, can't be written to memory: is ulimit -f lower?`);
  }
  if (libc.fcntl(fd, F_ADD_SEALS, ALL_SEALS) !== 0) throw new Error("its own code can't be sealed in memory");
  return fd;
}

/**
 * By a path that names nothing in any other process: a debugger opens the paths of libraries itself, where
 * `/proc/self/fd/5` is a file of its own, perhaps one that it would read forever.
 */
function openLibrary(fd: number): Native {
  try {
    return dlopen(`/proc/self/task/${process.pid}/fd/${fd}`, SYMBOLS).symbols;
  } catch {
    // In a /proc of another PID namespace this process has another number.
    return dlopen(`/proc/self/fd/${fd}`, SYMBOLS).symbols;
  }
}

function open(): Native {
  const fd = sealedCopy(Uint8Array.fromBase64(libraryBase64()));
  const symbols = openLibrary(fd);
  // Kept open fds reach no workload (close_range), but there is no reason to keep this one.
  symbols.ll_syscall(process.arch === "x64" ? 3 : 57, fd, 0, 0, 0, 0, 0);
  const digest = new Uint8Array(32);
  symbols.ll_layout_digest(ptr(digest));
  if (digest.toHex() !== LAYOUT_DIGEST) {
    throw new Error("libsandbox.so and this program were built from different layouts: run `make`");
  }
  return symbols;
}

let opened: Native | undefined;

/** The library's functions; opened on the first call (0.5 ms). */
export function native(): Native {
  opened ??= open();
  return opened;
}
