/**
 * The seccomp filter of a run, from the policy's deny list and the built-in protections. Pure.
 *
 * Shape: architecture, x32, then a binary search over the system call's number. A call that is always allowed meets no
 * load of an argument on its way, so the kernel's cache of always-allowed calls (Linux 5.11) skips the filter for it.
 */

import { ENOSYS } from "../kernel/errno.ts";
import { type ArgTest, type PolicyCondition, PROTECTIONS, type Protection } from "../kernel/protections.ts";
import {
  SECCOMP_DATA_ARCH,
  SECCOMP_DATA_NR,
  SECCOMP_RET_ALLOW,
  SECCOMP_RET_ERRNO,
  SECCOMP_RET_KILL_PROCESS,
  SECCOMP_RET_USER_NOTIF,
} from "../kernel/seccomp.ts";
import { type Arch, AUDIT_ARCH, highestSyscall, syscallNumber, X32_SYSCALL_BIT } from "../kernel/syscalls.ts";
import { PROOF_CALL, PROOF_ERRNO } from "../plan/layout.ts";
import type { Policy } from "../policy/policy.ts";
import { writeArgTest } from "./argtest.ts";
import { BackwardProgram, type Place } from "./bpf.ts";
import { conditionsOf } from "./conditions.ts";

/** Calls for the supervisor: any of `syscalls` whose arguments pass all `tests`. */
export interface Trap {
  readonly syscalls: readonly string[];
  readonly tests?: readonly ArgTest[];
}

/** What a filter is made from. For one call, `deny` goes before `traps`, and those before the protections. */
export interface FilterInput {
  readonly arch: Arch;
  /** Names of system calls; one that the architecture lacks is nothing to deny. */
  readonly deny: readonly string[];
  /** Positive errno of denied calls. */
  readonly errno: number;
  /** Calls that are answered with SECCOMP_RET_USER_NOTIF. */
  readonly traps: readonly Trap[];
  /** Names that open protections. */
  readonly allow: readonly string[];
  /** What the policy says that brings conditional protections into force. */
  readonly said: ReadonlySet<PolicyCondition>;
}

/** What a policy alone says of its filter: no traps. */
export function filterInput(policy: Policy, arch: Arch): FilterInput {
  return {
    arch,
    deny: policy.seccomp?.deny ?? [],
    errno: policy.seccomp?.errno ?? 1,
    traps: [],
    allow: policy.seccomp?.allow ?? [],
    said: conditionsOf(policy),
  };
}

/** The lines of the table that apply to a run and that its policy doesn't open as a whole. */
export function activeProtections(input: FilterInput): readonly Protection[] {
  const opened = new Set(input.allow);
  return PROTECTIONS.filter(({ name, when }) => (when === "always" || input.said.has(when)) && !opened.has(name));
}

/** Which prebuilt filter serves an input; undefined where the policy says something of its own. */
export function plainKey({ arch, deny, traps, allow, said }: FilterInput): string | undefined {
  if (deny.length + traps.length + allow.length > 0) return undefined;
  return [arch, ...[...said].sort()].join(" ");
}

/**
 * The filter as an array of struct sock_filter.
 * @throws ProgramTooLongError where it is longer than the kernel takes; a list of all calls is far from it.
 */
export function assembleFilter(input: FilterInput): Uint8Array<ArrayBuffer> {
  const refusesUnknown = activeProtections(input).some((line) => line.unknown === true);
  return assemble(input.arch, decisions(input), refusesUnknown ? errnoAction(ENOSYS) : SECCOMP_RET_ALLOW);
}

/**
 * A filter that hands calls to the supervisor and allows all others: for a second one to deny beneath it, since the
 * kernel takes ERRNO before USER_NOTIF. Foreign architectures end the process here too.
 * @throws ProgramTooLongError as `assembleFilter` does.
 */
export function assembleTraps(arch: Arch, traps: readonly Trap[]): Uint8Array<ArrayBuffer> {
  const found = new Map<number, Case[]>();
  for (const { syscalls, tests } of traps) addCase(found, arch, syscalls, tests ?? [], SECCOMP_RET_USER_NOTIF);
  for (const [number, cases] of found) found.set(number, untilCertain(cases));
  return assemble(arch, found, SECCOMP_RET_ALLOW);
}

/** `beyond` is the action for calls that are newer than the table. */
function assemble(arch: Arch, found: ReadonlyMap<number, readonly Case[]>, beyond: number): Uint8Array<ArrayBuffer> {
  const program = new BackwardProgram();
  let native = writeSearch(program, segments(found, highestSyscall(arch) + 1, beyond));
  const foreign = program.ret(SECCOMP_RET_KILL_PROCESS);
  if (arch === "x86_64") {
    // -1 has the bit of x32 set, but is what a skipped call looks like and what programs probe with.
    native = program.ifAnyBit(X32_SYSCALL_BIT, program.ifEqual(0xffffffff, native, foreign), native);
  }
  const number = program.load(SECCOMP_DATA_NR, native);
  program.load(SECCOMP_DATA_ARCH, program.ifEqual(AUDIT_ARCH[arch], number, foreign));
  return program.assemble();
}

/** One way out of the filter for a call. */
interface Case {
  /** All must hold; none: always. */
  readonly tests: readonly ArgTest[];
  /** SECCOMP_RET_*. */
  readonly action: number;
}

/** Adds a way out to each of the calls that the architecture has. */
function addCase(
  found: Map<number, Case[]>,
  arch: Arch,
  syscalls: readonly string[],
  tests: readonly ArgTest[],
  action: number,
): void {
  for (const name of syscalls) {
    const number = syscallNumber(arch, name);
    if (number === undefined) continue;
    const cases = found.get(number) ?? [];
    cases.push({ tests, action });
    found.set(number, cases);
  }
}

/** What landlockd asks the filter for once it is in place (csrc/plan/proof.h): nothing that a policy says goes before it. */
const PROOF: readonly ArgTest[] = [{ arg: 0, is: "one_of", values: [PROOF_CALL] }];

/** The cases of each call that isn't simply allowed, in the order in which they are tried. */
function decisions(input: FilterInput): ReadonlyMap<number, readonly Case[]> {
  const found = new Map<number, Case[]>();
  const add = (syscalls: readonly string[], tests: readonly ArgTest[], action: number): void =>
    addCase(found, input.arch, syscalls, tests, action);
  add(["seccomp"], PROOF, errnoAction(PROOF_ERRNO));
  add(input.deny, [], errnoAction(input.errno));
  for (const trap of input.traps) add(trap.syscalls, trap.tests ?? [], SECCOMP_RET_USER_NOTIF);
  const opened = new Set(input.allow);
  for (const { matches, errno } of activeProtections(input)) {
    for (const { syscalls, tests } of matches) {
      const closed = syscalls.filter((name) => !opened.has(name));
      add(closed, tests ?? [], errnoAction(errno));
    }
  }
  for (const [number, cases] of found) found.set(number, untilCertain(cases));
  return found;
}

/** What follows an unconditional case is never reached. */
function untilCertain(cases: readonly Case[]): Case[] {
  const certain = cases.findIndex((each) => each.tests.length === 0);
  return certain === -1 ? [...cases] : cases.slice(0, certain + 1);
}

function errnoAction(errno: number): number {
  return SECCOMP_RET_ERRNO | errno;
}

/** Consecutive numbers that end the same way, from `first` up to the next segment. */
interface Segment {
  readonly first: number;
  readonly cases: readonly Case[];
}

const ALLOWED: readonly Case[] = [{ tests: [], action: SECCOMP_RET_ALLOW }];

function segments(found: ReadonlyMap<number, readonly Case[]>, end: number, beyond: number): readonly Segment[] {
  const built: Segment[] = [];
  let previous: readonly Case[] | undefined;
  for (let number = 0; number <= end; number++) {
    const cases = number === end ? [{ tests: [], action: beyond }] : (found.get(number) ?? ALLOWED);
    if (previous === undefined || !sameCases(previous, cases)) built.push({ first: number, cases });
    previous = cases;
  }
  return built;
}

/** Tests are compared by identity: calls that share a line of the table share its tests. */
function sameCases(one: readonly Case[], other: readonly Case[]): boolean {
  if (one === other) return true;
  return one.length === other.length && one.every((each, index) => sameCase(each, other[index]));
}

function sameCase(one: Case, other: Case | undefined): boolean {
  if (other === undefined || one.action !== other.action) return false;
  return one.tests === other.tests || (one.tests.length === 0 && other.tests.length === 0);
}

/** A balanced tree of comparisons over the segments from `low` up to `high`; the accumulator holds the number. */
function writeSearch(program: BackwardProgram, search: readonly Segment[], low = 0, high = search.length): Place {
  const middle = (low + high) >> 1;
  const segment = search[middle];
  if (segment === undefined) throw new Error("filter: a search over nothing");
  if (high - low === 1) return writeCases(program, segment.cases);
  const upper = writeSearch(program, search, middle, high);
  return program.ifGreaterEqual(segment.first, upper, writeSearch(program, search, low, middle));
}

/** The cases in turn, then ALLOW. */
function writeCases(program: BackwardProgram, cases: readonly Case[]): Place {
  let next: Place | undefined;
  for (const { tests, action } of cases.toReversed()) {
    const otherwise = next ?? program.ret(SECCOMP_RET_ALLOW);
    next = program.ret(action);
    for (const test of tests.toReversed()) next = writeArgTest(program, test, next, otherwise);
  }
  return next ?? program.ret(SECCOMP_RET_ALLOW);
}
