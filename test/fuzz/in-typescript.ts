/** What TypeScript reads of others, and the broker's decisions, against what must hold of every input. */
import { strictEqual } from "node:assert";
import { PolicyError, UsageError } from "../../src/base/errors.ts";
import {
  decideCreate,
  decideEntry,
  decideMove,
  decideOpen,
  type Target,
  type Verdict,
  type Zone,
} from "../../src/broker/decide.ts";
import { decodeFrame, encodeFrame } from "../../src/daemon/frame.ts";
import { readEnd, readEntry, readRunRequest } from "../../src/daemon/request.ts";
import { PLAN_FILE, PLAN_FILE_MAGIC } from "../../src/plan/layout.ts";
import { setFields } from "../../src/plan/struct.ts";
import { NO_FACTS } from "../../src/policy/lint/facts.ts";
import { lint } from "../../src/policy/lint/lint.ts";
import { acceptGoodPolicy, type LoadedPolicy, type PolicySource } from "../../src/policy/load.ts";
import { placeFindings } from "../../src/policy/locate.ts";
import { validatePolicy } from "../../src/policy/validate.ts";
import { decodePlanFile } from "../../src/store/plan-file.ts";
import { VARIABLES } from "../harness/policy-text.ts";
import type { Random } from "../harness/random.ts";
import { mutate } from "./mutate.ts";
import { BUILD, frames, POLICIES, planFiles } from "./seeds.ts";

/** Tries one input. @throws Error where something doesn't hold */
export type Attempt = (random: Random) => void | Promise<void>;

export interface FuzzTarget {
  readonly name: string;
  /** What is fuzzed, in words. */
  readonly what: string;
  /** Makes the seeds, and checks that they are taken. */
  open(): Attempt;
}

const numbers = (...values: readonly number[]): Uint8Array[] =>
  values.map((value) => new Uint8Array(Uint32Array.of(value).buffer));

function frameAttempt(): Attempt {
  const seeds = frames();
  const words = [...numbers(0, 1, 8, 0xffff_ffff, 0x8000_0000), ...seeds.map((seed) => seed.slice(16))];
  return (random) => {
    const bytes = mutate(random.one(seeds), random, words);
    // Mostly of the right size, so that what is behind the header is reached.
    if (bytes.length >= 16 && random.below(8) !== 0) new DataView(bytes.buffer).setUint32(8, bytes.length, true);
    const frame = decodeFrame(bytes);
    if (typeof frame === "string") return;
    // Nothing was passed over: the frame is its bytes.
    strictEqual(Buffer.compare(encodeFrame(frame.kind, frame.fields), bytes), 0);
    readRunRequest(frame);
    readEntry(frame);
    readEnd(frame);
  };
}

function putRight(bytes: Uint8Array): void {
  if (bytes.length < PLAN_FILE.sizeBytes) return;
  const size = bytes.length - PLAN_FILE.sizeBytes;
  setFields(new DataView(bytes.buffer), PLAN_FILE, 0, { magic: PLAN_FILE_MAGIC, plan_size: size, reserved: 0 });
  bytes.set(BUILD, PLAN_FILE.fields.build.offset);
  const hash = new Bun.CryptoHasher("sha256").update(bytes.subarray(0, PLAN_FILE.fields.checksum.offset));
  bytes.set(hash.update(bytes.subarray(PLAN_FILE.sizeBytes)).digest(), PLAN_FILE.fields.checksum.offset);
}

function planFileAttempt(): Attempt {
  const seeds = planFiles();
  const words = [...numbers(0, 1, 72, 0xffff_ffff, 0x8000_0000), Buffer.from("/usr\0")];
  for (const seed of seeds) decodePlanFile("seed", seed, BUILD);
  return (random) => {
    const bytes = mutate(random.one(seeds), random, words);
    if (random.below(8) !== 0) putRight(bytes);
    try {
      decodePlanFile("p.plan", bytes, BUILD);
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause;
    }
  };
}

const WORDS =
  `"execute" "read_file" "refer" "ioctl_dev" "bind_tcp" "tmpfs" [ ] { } = , . "/" "/a/../b" "\${HOME}" "\${CWD}/x" "\${NO}" "\${" true false -1 0 443
65536 1e9 1979-05-27 9007199254740993 [broker] [mount] [runtime] [seccomp] [scope] [[fs_layer]] [[fs_layer.rule]] allow_read allow_write scratch export
mount_tmpfs mount_bind mount_object handled_access_fs allowed_access optional rule path port version compat root cwd deny allow errno """ ''' \\u0000 __proto__`
    .split(/\s+/)
    .map((word) => Buffer.from(word));

/** What a way of loading makes of a policy; undefined where it refuses it with an error for people. */
function outcome(load: () => LoadedPolicy | undefined): LoadedPolicy | undefined {
  try {
    return load();
  } catch (cause) {
    if (!(cause instanceof PolicyError) || cause.findings.length === 0) throw cause;
    for (const { code, message, hint = "" } of cause.findings)
      if (!/^[a-z0-9-]+$/.test(code) || message === "" || /[\n\0]/.test(message + hint)) throw cause;
    return undefined;
  }
}

async function checkPlaces(source: PolicySource): Promise<void> {
  try {
    validatePolicy(source, VARIABLES);
  } catch (cause) {
    if (!(cause instanceof PolicyError)) throw cause;
    const lines = cause.text.split("\n").length;
    for (const { place } of await placeFindings(cause.text, cause.file, cause.findings))
      if (place === undefined || place.line < 1 || place.line > lines || place.column < 1) throw cause;
  }
}

const PLACED_ONE_IN = 64;

function policyAttempt(): Attempt {
  const seeds = POLICIES.map((text) => Buffer.from(text.replaceAll("${ROOT}", "/srv/root")));
  // Comments take most of the bytes, and a change in one is none.
  const short = seeds.map((seed) => Buffer.from(seed.toString().replace(/^\s*#.*\n|^\n/gm, "")));
  for (const bytes of short)
    strictEqual(acceptGoodPolicy({ file: "s", bytes, policyDir: undefined }, VARIABLES) !== undefined, true);
  return async (random) => {
    const source = { file: "p.toml", bytes: mutate(random.one(short), random, WORDS), policyDir: "/policies" };
    const accepted = outcome(() => acceptGoodPolicy(source, VARIABLES));
    const validated = outcome(() => validatePolicy(source, VARIABLES));
    // The short way and the schema take the same policies, and make the same of them.
    if (accepted === undefined) strictEqual(validated, undefined);
    else strictEqual(JSON.stringify(accepted), JSON.stringify(validated));
    if (accepted !== undefined) lint(accepted, NO_FACTS);
    else if (random.below(PLACED_ONE_IN) === 0) await checkPlaces(source);
  };
}

const ZONES: readonly Zone[] = ["scratch", "export", "elsewhere"];
/** S_IFREG, S_IFDIR, S_IFIFO, S_IFLNK, S_IFSOCK; then S_IFCHR, S_IFBLK. */
const WORKED_ON = new Set([0o100000, 0o040000, 0o010000, 0o120000, 0o140000]);
const NEVER = new Set([0o020000, 0o060000]);

/** docs/broker.md, written down once more as the sentences there, from the most that is allowed. */
function mayOpen({ zone, listedRead, listedWrite, mode }: Target, flags: number): string {
  const reads = (flags & 3) === 0 && (flags & 0o1000) === 0;
  if (zone === "scratch" && !NEVER.has(mode & 0o170000)) return "scratch";
  if (reads && listedRead) return "exception";
  return !reads && listedWrite ? "exception" : "pass";
}

const told = (verdict: Verdict): string =>
  verdict.decision === "allow"
    ? verdict.scope
    : verdict.decision === "deny"
      ? `errno ${verdict.errno}`
      : verdict.decision;

const EXDEV = 18;

function mayMove(from: Zone, to: Zone, exchange: boolean): string {
  if (from === to) return from === "scratch" ? "scratch" : "pass";
  if (from !== "scratch" && to !== "scratch") return "pass";
  return to === "export" && !exchange ? "publish" : `errno ${EXDEV}`;
}

function decisionAttempt(): Attempt {
  const types = [...WORKED_ON, ...NEVER];
  return (random) => {
    const bits = random.word();
    const [from, to] = [random.one(ZONES), random.one(ZONES)];
    const mode = random.one(types) | (bits & 0o7777);
    const target = { zone: from, listedRead: (bits & 0x10000) !== 0, listedWrite: (bits & 0x20000) !== 0, mode };
    const flags = random.word();
    strictEqual(told(decideOpen(flags, target)), mayOpen(target, flags));
    const creates = (flags & 0o100) !== 0;
    const made = !creates ? "pass" : to === "scratch" ? "scratch" : target.listedWrite ? "exception" : "pass";
    strictEqual(told(decideCreate(flags, to, target.listedWrite)), made);
    strictEqual(told(decideEntry(to)), to === "scratch" ? "scratch" : "pass");
    strictEqual(told(decideMove(from, to, (bits & 0x40000) !== 0)), mayMove(from, to, (bits & 0x40000) !== 0));
  };
}

export const IN_TYPESCRIPT: readonly FuzzTarget[] = [
  { name: "frame-ts", what: "frames and requests, as the daemon reads them", open: frameAttempt },
  { name: "plan-file-ts", what: "plan files, as Bun reads them", open: planFileAttempt },
  { name: "policy", what: "the policy loader: both ways of loading, lint and places", open: policyAttempt },
  { name: "decision", what: "the broker's decisions, against a model", open: decisionAttempt },
];
