/** The front takes down what landlockd was started with, and Bun starts as always. */
import { afterAll, expect, test } from "bun:test";
import { appendFileSync, copyFileSync, mkdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { buildProgram, plainEnv, recordOf, reportOf, start } from "./front-program.ts";

const program = buildProgram();
afterAll(() => program[Symbol.dispose]());

const bit = (signal: number): string => (1n << BigInt(signal - 1)).toString(16);
/** Runs a shell command line in which "$0" is the linked program. */
const sh = (line: string): string[] => ["sh", "-c", line, program.linked];

test("arguments arrive whole, and Bun knows its own executable", () => {
  const argv = ["", "a b", "--version", "ü", "--preload=./x.ts"];
  const report = reportOf(start(program, [program.linked, ...argv]));
  expect(report.argv).toEqual(argv);
  expect(report.execPath).toBe(program.linked);
  expect(report.start?.argv).toEqual([program.linked, ...argv]);
});

test("the record says what it is", () => {
  const record = recordOf(start(program, [program.linked]));
  expect([record.magic, record.version, record.sizeBytes]).toEqual(["3174726174736c6c", 2, 384]);
  expect(record.build).toMatch(/^[0-9a-f]{64}$/);
  expect(record.build).not.toBe("0".repeat(64));
});

test("without the front there is no record, whatever the environment says", () => {
  const report = reportOf(start(program, [program.unlinked], { AT_LANDLOCKD: "1", LANDLOCKD_START: "1" }));
  expect(report.start).toBeNull();
});

/** 32 and 33 belong to glibc, whose posix_spawn leaves them ignored in what make(1) starts; env(1) can't change that. */
const OF_GLIBC = (1n << 31n) | (1n << 32n);

function ignoredIn(record: { readonly ignored: string }): string {
  return (BigInt(`0x${record.ignored}`) & ~OF_GLIBC).toString(16);
}

test("ignored and blocked signals", () => {
  const { SIGHUP, SIGUSR1, SIGTERM } = constants.signals;
  const prefix = ["env", "--default-signal", "--ignore-signal=HUP", "--block-signal=USR1", "--ignore-signal=TERM"];
  const record = recordOf(start(program, [...prefix, program.linked]));
  expect(ignoredIn(record)).toBe((BigInt(`0x${bit(SIGHUP)}`) | BigInt(`0x${bit(SIGTERM)}`)).toString(16));
  expect(record.blocked).toBe(bit(SIGUSR1));
});

test("no signal is ignored or blocked where none was: Bun's own changes come later", () => {
  const record = recordOf(start(program, ["env", "--default-signal", program.linked]));
  expect([ignoredIn(record), record.blocked]).toEqual(["0", "0"]);
});

test("the soft limit of open files before Bun raises it", () => {
  expect(recordOf(start(program, sh('ulimit -S -n 300; exec "$0"'))).softNofile).toBe("300");
});

test("the status flags of the standard streams", () => {
  const O_ACCMODE_AND_APPEND = 0o2003;
  const record = recordOf(start(program, sh('exec "$0" </dev/null >>out 2<>both')));
  expect(record.statusFlags.map((each) => each & O_ACCMODE_AND_APPEND)).toEqual([0, 0o2001, 2]);
});

test.each([
  ["<&-", 1, [0]],
  [">&-", 2, [1]],
  ["2>&-", 4, [2]],
  ["<&- >&- 2>&-", 7, [0, 1, 2]],
])("closed at start: %s", (redirection, closedFds, fds) => {
  const report = reportOf(start(program, sh(`exec "$0" ${redirection}`)));
  expect(report.start?.closedFds).toBe(closedFds);
  for (const fd of fds) {
    expect(report.fds[fd]).toBe("/dev/null");
    expect(report.start?.statusFlags[fd]).toBe(-1);
  }
});

test("an environment of 1 MB, arguments of 512 KB", () => {
  const env = Object.fromEntries(Array.from({ length: 10 }, (_, each) => [`X${each}`, "v".repeat(105_000)]));
  const argv = Array.from({ length: 5 }, () => "a".repeat(105_000));
  const report = reportOf(start(program, [program.linked, ...argv], env));
  expect(report.argv).toEqual(argv);
  const entries = Object.entries({ ...plainEnv, ...env }).map(([name, value]) => `${name}=${value}`);
  expect(report.start?.env.filter((each) => !each.startsWith("LANDLOCKD_TEST_REPORT=")).sort()).toEqual(entries.sort());
});

test("forty thousand environment variables, half of which Bun sees", () => {
  const names = Array.from({ length: 20_000 }, (_, each) => [`LANDLOCKD_${each}`, `Y${each}`]).flat();
  const report = reportOf(start(program, [program.linked], Object.fromEntries(names.map((name) => [name, "1"]))));
  expect(report.start?.env.length).toBe(40_000 + 3);
  // And the setting that the front adds.
  expect(Object.keys(report.env).length).toBe(20_000 + 3 + 1);
});

test.if(process.getuid?.() === 0)(
  "a closed stream without a /dev/null ends the start, as what is wrong with a command line",
  () => {
    const root = join(program.dir, "root");
    mkdirSync(root);
    copyFileSync(program.linked, join(root, "linked"));
    const ended = start(program, ["sh", "-c", 'exec /usr/sbin/chroot "$0" /linked <&-', root]);
    expect([ended.status, ended.report]).toEqual([2, null]);
    expect(ended.stderr).toBe(
      "landlockd: cannot fill a closed standard stream with /dev/null: No such file or directory (ENOENT)\n",
    );
  },
);

test("bytes behind the executable's end do no harm", () => {
  const longer = join(program.dir, "longer");
  copyFileSync(program.linked, longer);
  appendFileSync(longer, "x".repeat(5000));
  expect(reportOf(start(program, [longer, "a"])).argv).toEqual(["a"]);
});
