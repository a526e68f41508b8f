/** Nothing in the environment or the working directory steers Bun, ld.so or libc inside landlockd. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildProgram, plainEnv, reportOf, start } from "./front-program.ts";

const program = buildProgram();
afterAll(() => program[Symbol.dispose]());
const planted = join(program.dir, "planted");
const marker = join(planted, "ran");

beforeAll(() => {
  mkdirSync(planted);
  writeFileSync(join(planted, "evil.ts"), `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");`);
  writeFileSync(join(planted, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(planted, ".bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(planted, ".env"), "LANDLOCKD_PLANTED=1\nBUN_OPTIONS=--preload=./evil.ts\n");
  writeFileSync(join(planted, "package.json"), '{ "type": "commonjs", "imports": { "bun:ffi": "./evil.ts" } }');
  const source = `
    #include <fcntl.h>
    __attribute__((constructor)) static void run(void) { open("${marker}", O_CREAT | O_WRONLY, 0600); }`;
  const flags = ["-shared", "-fPIC", "-x", "c", "-", "-o", join(planted, "evil.so")];
  const gcc = Bun.spawnSync(["gcc", ...flags], { stdin: Buffer.from(source), stderr: "pipe" });
  if (gcc.exitCode !== 0) throw new Error(gcc.stderr.toString());
});

/** Whether the planted code ran. */
function ranUnder(executable: string, env: Record<string, string>): boolean {
  Bun.spawnSync(["rm", "-f", marker]);
  start(program, [executable, "a"], env, planted);
  return existsSync(marker);
}

describe("planted code runs without the front, and doesn't with it", () => {
  test.each([
    ["BUN_OPTIONS", "--preload=./evil.ts"],
    ["LD_PRELOAD", join(planted, "evil.so")],
    ["LD_AUDIT", join(planted, "evil.so")],
  ])("%s=%s", (name, value) => {
    expect(ranUnder(program.unlinked, { [name]: value })).toBe(true);
    expect(ranUnder(program.linked, { [name]: value })).toBe(false);
  });
});

describe("the program is something else without the front, and itself with it", () => {
  test.each([
    ["BUN_BE_BUN", "1"],
    ["BUN_OPTIONS", "--version"],
    ["BUN_JSC_dumpOptions", "2"],
    ["LD_DEBUG", "libs"],
    ["LD_TRACE_LOADED_OBJECTS", "1"],
  ])("%s=%s", (name, value) => {
    const control = start(program, [program.unlinked, "a"], { [name]: value }, planted);
    expect(control.report === null || control.stdout + control.stderr !== "").toBe(true);
    const ended = start(program, [program.linked, "a"], { [name]: value }, planted);
    expect(reportOf(ended).argv).toEqual(["a"]);
    expect([ended.stdout, ended.stderr]).toEqual(["", ""]);
    expect(ended.report?.start?.env).toContain(`${name}=${value}`);
  });
});

test("a planted .env, bunfig.toml and package.json have no effect", () => {
  const home = { HOME: planted, XDG_CONFIG_HOME: planted };
  expect(ranUnder(program.linked, home)).toBe(false);
  const { env } = reportOf(start(program, [program.linked], home, planted));
  expect(Object.keys(env)).not.toContain("LANDLOCKD_PLANTED");
});

/** The front's own for Bun, whatever the caller's environment says. */
const OF_THE_FRONT = { BUN_JSC_useWarmUpMarkedBlocks: "0" };

test("Bun sees what landlockd reads and nothing else; the record has everything", () => {
  const passes = {
    HOME: "/h",
    PWD: "/p",
    USER: "u",
    LOGNAME: "l",
    TMPDIR: "/t",
    XDG_RUNTIME_DIR: "/r",
    XDG_: "",
    LANDLOCKD_JOB_ID: "7",
    TERM: "t",
    COLORTERM: "c",
    COLUMNS: "80",
    LINES: "24",
    NO_COLOR: "",
    FORCE_COLOR: "1",
    CLICOLOR: "1",
    CLICOLOR_FORCE: "1",
    CI: "true",
    GITHUB_ACTIONS: "true",
    LANGUAGE: "en",
    LC_ALL: "C",
    NOTIFY_SOCKET: "@n",
    LISTEN_PID: "1",
    LISTEN_FDS: "1",
    LISTEN_FDNAMES: "n",
  };
  const stays = {
    HOMER: "1",
    PAT: "1",
    XDG: "1",
    xdg_x: "1",
    LANDLOCKD: "1",
    LC: "1",
    NODE_OPTIONS: "--require=./evil.ts",
    TZ: "UTC",
    GCONV_PATH: "/x",
    LOCPATH: "/x",
    GLIBC_TUNABLES: "glibc.malloc.check=3",
    JSC_useJIT: "0",
    BUN_JSC_useWarmUpMarkedBlocks: "1",
    UV_THREADPOOL_SIZE: "1",
    SSL_CERT_FILE: "/x",
    HTTP_PROXY: "http://[::1]:9",
    MIMALLOC_VERBOSE: "1",
    DEBUG: "*",
    "*": "1",
  };
  const report = reportOf(start(program, [program.linked], { ...passes, ...stays }));
  const { LANDLOCKD_TEST_REPORT: path, ...seen } = report.env;
  expect(seen).toEqual({ ...plainEnv, ...passes, ...OF_THE_FRONT });
  const whole = { ...plainEnv, ...passes, ...stays, LANDLOCKD_TEST_REPORT: path };
  expect(report.start?.env.toSorted()).toEqual(
    Object.entries(whole)
      .map(([name, value]) => `${name}=${value}`)
      .toSorted(),
  );
});
