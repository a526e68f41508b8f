import { describe, expect, test } from "bun:test";
import {
  decideCreate,
  decideEntry,
  decideMove,
  decideOpen,
  opensForWriting,
  type Target,
  type Zone,
} from "../../../src/broker/decide.ts";
import {
  O_APPEND,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFREG,
  S_IFSOCK,
} from "../../../src/kernel/file.ts";
import { Random } from "../../harness/random.ts";

const ZONES: readonly Zone[] = ["scratch", "export", "elsewhere"];
const TYPES = [S_IFREG, S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK];
const plain: Target = { zone: "elsewhere", listedRead: false, listedWrite: false, mode: S_IFREG | 0o644 };

describe("an open", () => {
  test("of what is on no list is passed on", () => {
    for (const zone of ["export", "elsewhere"] as const) {
      expect(decideOpen(O_RDONLY, { ...plain, zone })).toEqual({ decision: "pass" });
      expect(decideOpen(O_RDWR | O_CREAT, { ...plain, zone })).toEqual({ decision: "pass" });
    }
  });

  test("of a file of allow_read is allowed for reading only", () => {
    const listed = { ...plain, listedRead: true };
    expect(decideOpen(O_RDONLY, listed)).toEqual({ decision: "allow", scope: "exception" });
    for (const flags of [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_WRONLY | O_APPEND, 3]) {
      expect(decideOpen(flags, listed)).toEqual({ decision: "pass" });
    }
  });

  test("of a file of allow_write is allowed for every way of writing, and not for reading alone", () => {
    const listed = { ...plain, listedWrite: true };
    for (const flags of [O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_WRONLY | O_APPEND]) {
      expect(decideOpen(flags, listed)).toEqual({ decision: "allow", scope: "exception" });
    }
    expect(decideOpen(O_RDONLY, listed)).toEqual({ decision: "pass" });
  });

  test("beneath scratch is allowed, but for devices and sockets", () => {
    for (const type of TYPES) {
      const served = type !== S_IFCHR && type !== S_IFBLK;
      const verdict = decideOpen(O_RDWR, { ...plain, zone: "scratch", mode: type | 0o600 });
      expect(verdict).toEqual(served ? { decision: "allow", scope: "scratch" } : { decision: "pass" });
    }
  });

  test("is never allowed for more than a list or a scratch folder says", () => {
    const random = new Random(31);
    for (let round = 0; round < 20_000; round++) {
      const flags = random.word() & 0o37777777;
      const target: Target = {
        zone: random.one(ZONES),
        listedRead: random.below(2) === 0,
        listedWrite: random.below(2) === 0,
        mode: random.one(TYPES) | (random.word() & 0o7777),
      };
      const { decision } = decideOpen(flags, target);
      if (decision !== "allow") continue;
      const listed = opensForWriting(flags) ? target.listedWrite : target.listedRead;
      expect(target.zone === "scratch" || listed).toBe(true);
    }
  });
});

test("a creation is allowed in scratch, and of the very file of allow_write", () => {
  for (const zone of ZONES) {
    for (const listed of [false, true]) {
      const verdict = decideCreate(O_CREAT | O_WRONLY, zone, listed);
      expect(verdict.decision).toBe(zone === "scratch" || listed ? "allow" : "pass");
      expect(decideCreate(O_WRONLY, zone, listed)).toEqual({ decision: "pass" });
    }
  }
});

test("a creation is never allowed for more than a list or a scratch folder says, nor refused", () => {
  const random = new Random(32);
  for (let round = 0; round < 20_000; round++) {
    const flags = random.word() & 0o37777777;
    const [zone, listed] = [random.one(ZONES), random.below(2) === 0];
    const verdict = decideCreate(flags, zone, listed);
    const may = (flags & O_CREAT) !== 0 && (zone === "scratch" || listed);
    expect(verdict.decision).toBe(may ? "allow" : "pass");
    // An open that is allowed by its list alone is on record as such.
    if (verdict.decision === "allow") expect(verdict.scope).toBe(zone === "scratch" ? "scratch" : "exception");
  }
});

test("a longer list takes nothing away", () => {
  const random = new Random(33);
  for (let round = 0; round < 20_000; round++) {
    const flags = random.word() & 0o37777777;
    const shorter = {
      zone: random.one(ZONES),
      listedRead: random.below(2) === 0,
      listedWrite: random.below(2) === 0,
      mode: random.one(TYPES) | (random.word() & 0o7777),
    };
    const longer = { ...shorter, [random.one(["listedRead", "listedWrite"] as const)]: true };
    if (decideOpen(flags, shorter).decision === "allow") expect(decideOpen(flags, longer).decision).toBe("allow");
    if (decideCreate(flags, shorter.zone, shorter.listedWrite).decision === "allow")
      expect(decideCreate(flags, shorter.zone, true).decision).toBe("allow");
  }
});

/** What holds of every move, told by its ends alone. */
function expectSound(from: Zone, to: Zone, exchange: boolean): void {
  const { decision } = decideMove(from, to, exchange);
  const ends = [from, to].filter((zone) => zone === "scratch").length;
  // The broker acts for nobody whose move has no end in scratch, and passes none on that has one.
  expect([from, to, exchange, decision === "pass"]).toEqual([from, to, exchange, ends === 0]);
  if (decision === "allow") expect(ends).toBe(2);
  if (decision === "publish") expect([from, to, exchange]).toEqual(["scratch", "export", false]);
  // Nothing comes into scratch; exchanged, it would by the other end.
  if (ends === 1 && (to === "scratch" || exchange)) expect(decision).toBe("deny");
}

test("no move, exchanged or not, brings anything into scratch, nor out but into export", () => {
  const random = new Random(34);
  for (let round = 0; round < 2000; round++) expectSound(random.one(ZONES), random.one(ZONES), random.below(2) === 0);
});

test("names are made and removed in scratch only", () => {
  expect(ZONES.map((zone) => decideEntry(zone).decision)).toEqual(["allow", "pass", "pass"]);
});

test("a move stays in scratch, or goes from there into export; nothing else comes in or out", () => {
  const table = ZONES.flatMap((from) => ZONES.map((to) => [from, to, decideMove(from, to, false).decision]));
  expect(table).toEqual([
    ["scratch", "scratch", "allow"],
    ["scratch", "export", "publish"],
    ["scratch", "elsewhere", "deny"],
    ["export", "scratch", "deny"],
    ["export", "export", "pass"],
    ["export", "elsewhere", "pass"],
    ["elsewhere", "scratch", "deny"],
    ["elsewhere", "export", "pass"],
    ["elsewhere", "elsewhere", "pass"],
  ]);
  // An exchange would bring something of export into scratch.
  expect(decideMove("scratch", "export", true)).toEqual({ decision: "deny", errno: 18 });
  expect(decideMove("scratch", "scratch", true).decision).toBe("allow");
});
