/**
 * A program for the front's tests: writes what it was started with, as it sees it and as the front's start record has
 * it (csrc/native/start.h), to the file that LANDLOCKD_TEST_REPORT names.
 */
import { CString, dlopen, FFIType, type Pointer, toArrayBuffer } from "bun:ffi";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";

const AT_LANDLOCKD = 0x4c4c4431;
const RLIMIT_NOFILE = 7;

export interface Report {
  readonly argv: string[];
  readonly env: Record<string, string>;
  readonly execPath: string;
  /** What fds 0, 1, 2 lead to. */
  readonly fds: string[];
  /** What is mapped of the executable: addresses, rights, offset. */
  readonly maps: string[];
  readonly start: StartRecord | null;
}

interface StartRecord {
  readonly magic: string;
  readonly version: number;
  readonly sizeBytes: number;
  readonly argv: string[];
  readonly env: string[];
  readonly ignored: string;
  readonly blocked: string;
  readonly closedFds: number;
  readonly statusFlags: number[];
  readonly softNofile: string;
  readonly build: string;
}

/** bun:ffi's pointers are numbers with a brand. */
function memory(address: bigint, sizeBytes: number): DataView {
  return new DataView(toArrayBuffer(Number(address) as Pointer, 0, sizeBytes));
}

function strings(address: bigint, count: number): string[] {
  const pointers = memory(address, (count + 1) * 8);
  if (pointers.getBigUint64(count * 8, true) !== 0n) throw new Error("no NULL at the end");
  return Array.from({ length: count }, (_, index) =>
    new CString(Number(pointers.getBigUint64(index * 8, true)) as Pointer).toString(),
  );
}

function startRecord(): StartRecord | null {
  const libc = dlopen("libc.so.6", { getauxval: { args: [FFIType.u64], returns: FFIType.u64 } });
  const address = libc.symbols.getauxval(AT_LANDLOCKD);
  if (address === 0n) return null;
  const record = memory(address, 376);
  const word = (at: number): bigint => record.getBigUint64(at, true);
  return {
    magic: word(0).toString(16),
    version: record.getUint32(8, true),
    sizeBytes: record.getUint32(12, true),
    argv: strings(word(24), Number(word(16))),
    env: strings(word(40), Number(word(32))),
    ignored: word(48).toString(16),
    blocked: word(56).toString(16),
    closedFds: record.getUint32(64, true),
    statusFlags: [68, 72, 76].map((at) => record.getInt32(at, true)),
    softNofile: word(80 + RLIMIT_NOFILE * 16).toString(),
    build: Buffer.from(record.buffer, 336, 32).toString("hex"),
  };
}

function ownMaps(): string[] {
  const lines = readFileSync("/proc/self/maps", "utf8").split("\n");
  const own = lines.filter((line) => line.endsWith(` ${process.execPath}`));
  return own.map((line) => line.split(" ").slice(0, 3).join(" "));
}

const report: Report = {
  argv: process.argv.slice(2),
  env: { ...process.env } as Record<string, string>,
  execPath: process.execPath,
  fds: [0, 1, 2].map((fd) => readlinkSync(`/proc/self/fd/${fd}`)),
  maps: ownMaps(),
  start: startRecord(),
};
const path = process.env["LANDLOCKD_TEST_REPORT"];
if (path === undefined) throw new Error("LANDLOCKD_TEST_REPORT is not set");
writeFileSync(path, JSON.stringify(report));
