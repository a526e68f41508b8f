import { expect, test } from "bun:test";
import type { Verdict } from "../../../src/broker/decide.ts";
import { type Ending, eventOf } from "../../../src/broker/record.ts";
import type { Request } from "../../../src/broker/request.ts";
import { O_ACCMODE, O_CREAT, O_RDONLY, O_TRUNC } from "../../../src/kernel/file.ts";
import { Random } from "../../harness/random.ts";

const EPERM = 1;
const AT = { dirFd: -100, path: "/x" };
const VERDICTS: readonly Verdict[] = [
  { decision: "allow", scope: "exception" },
  { decision: "allow", scope: "scratch" },
  { decision: "publish" },
  { decision: "deny", errno: 18 },
];

function randomRequest(random: Random): Request {
  const open = {
    kind: "open",
    syscall: "openat",
    at: AT,
    flags: random.word() & 0o37777777,
    mode: 0,
    resolve: 0,
  } as const;
  return random.one<Request>([
    open,
    { kind: "mkdir", syscall: "mkdir", at: AT, mode: 0 },
    { kind: "mknod", syscall: "mknod", at: AT, mode: 0 },
    { kind: "remove", syscall: "unlinkat", at: AT, flags: random.one([0, 0x200]) },
    { kind: "symlink", syscall: "symlink", target: "t", at: AT },
    { kind: "truncate", syscall: "truncate", at: AT, size: 0n },
    { kind: "rename", syscall: "rename", from: AT, to: AT, flags: 0 },
    { kind: "link", syscall: "link", from: AT, to: AT, flags: 0 },
  ]);
}

test("the record never tells of more success than there was, nor hides an errno", () => {
  const random = new Random(71);
  for (let round = 0; round < 20_000; round++) {
    const request = randomRequest(random);
    const ending: Ending = {
      verdict: random.one(VERDICTS),
      errno: random.one([0, 0, EPERM, 2, 18]),
      created: random.below(2) === 0,
    };
    const event = eventOf(1, request, [Buffer.from("/x"), null], ending);
    expect(event.errno ?? 0).toBe(ending.errno);
    expect(event.decision === "allow").toBe(ending.errno === 0 && ending.verdict.decision !== "deny");
    expect(event.decision === "deny").toBe(
      ending.verdict.decision === "deny" || (ending.verdict.decision === "publish" && ending.errno === EPERM),
    );
    if ("published" in event) expect(event.published).toBe(ending.verdict.decision === "publish" && ending.errno === 0);
    if (request.kind !== "open" || event.event !== "broker.open") continue;
    // What only reads is told apart from what writes or makes.
    const reads = (request.flags & (O_ACCMODE | O_TRUNC)) === O_RDONLY;
    const made = ending.created || (ending.errno !== 0 && (request.flags & O_CREAT) !== 0);
    expect(event.operation === "read").toBe(reads && !made);
    expect(event.operation === "create").toBe(made);
  }
});
