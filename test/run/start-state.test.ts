import { expect } from "bun:test";
import { getPriority } from "node:os";
import type { Box } from "../harness/box.ts";
import { asUsers, asUsersUnless } from "../harness/cases.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { NEEDS_FRONT } from "../harness/linked.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv, type ProcessOptions, runProcess } from "../harness/process.ts";
import { comparable, parseState, type State } from "../harness/state.ts";
import { openTerminal } from "../harness/terminal.ts";

/** What a sandbox is there to change. */
const CONFINED = [
  "cap_effective",
  "cap_permitted",
  "cap_inheritable",
  "cap_bounding",
  "cap_ambient",
  "no_new_privs",
  "securebits",
];

/** Asserts that the probe sees the same state bare, under landlockd, and under a landlockd that stays. */
async function expectSame(
  box: Box,
  prepare: readonly string[],
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<State> {
  const prefix = [probePath("with"), ...prepare, "--"];
  const argv = [probePath("state"), ...args];
  const bare = parseState(await runProcess(box, [...prefix, ...argv], options));
  for (const audit of [false, true]) {
    const confined = parseState(await run(box, { ...options, policy: VERSION_ONLY, argv, audit, prefix }));
    // A supervised workload dies with its keeper.
    const expected = audit ? { ...bare, pdeathsig: "9" } : bare;
    expect(comparable(confined, CONFINED)).toEqual(comparable(expected, CONFINED));
  }
  return bare;
}

asUsers("the workload starts in the state in which landlockd was started", async (box) => {
  await expectSame(box, []);
});

asUsers("fd 0, 1 or 2 that were closed stay closed", async (box) => {
  expect((await expectSame(box, ["close=0"]))["fd_0"]).toBe("closed");
  expect((await expectSame(box, ["close=2"]))["fd_2"]).toBe("closed");
  expect((await expectSame(box, ["close=0", "close=2"]))["fds"]).toBe("1");
});

asUsers("with all three closed the workload still runs", async (box) => {
  const touch = ["/usr/bin/touch", box.path("inside/touched")];
  const prefix = [probePath("with"), "close=0", "close=1", "close=2", "--"];
  for (const audit of [false, true]) {
    box.remove("inside/touched");
    const result = await run(box, { policy: VERSION_ONLY, argv: touch, audit, prefix });
    expect([result.status, await Bun.file(box.path("inside/touched")).exists()]).toEqual([0, true]);
  }
});

/** 32 and 33 belong to glibc, whose posix_spawn leaves them ignored in what make(1) starts, for good. */
const OF_GLIBC = (1n << 31n) | (1n << 32n);

asUsersUnless(NEEDS_FRONT, "ignored and blocked signals stay so, and only those", async (box) => {
  // SIGINT, SIGPIPE, SIGCHLD, SIGRTMIN+3 ignored; SIGUSR1 and SIGTERM blocked.
  const state = await expectSame(box, ["ignore=2", "ignore=13", "ignore=17", "ignore=37", "block=10", "block=15"]);
  expect(BigInt(`0x${state["ignored"]}`) & ~OF_GLIBC).toBe((1n << 1n) | (1n << 12n) | (1n << 16n) | (1n << 36n));
  expect(BigInt(`0x${state["blocked"]}`)).toBe((1n << 9n) | (1n << 14n));
  // SIGPIPE and SIGXFSZ, which Bun ignores for itself.
  const defaults = await expectSame(box, ["default=13", "default=25"]);
  expect(BigInt(`0x${defaults["ignored"]}`) & ((1n << 12n) | (1n << 24n))).toBe(0n);
});

asUsersUnless(NEEDS_FRONT, "limits, umask, niceness and working directory stay", async (box) => {
  const prepare = ["nofile=77", "core=4096", "umask=0137", "nice=3"];
  const state = await expectSame(box, prepare, [], { cwd: box.mkdir("work dir/é") });
  expect(state["rlimit_7"]).toStartWith("4d ");
  expect(state["umask"]).toBe("137");
  expect(state["nice"]).toBe(String(getPriority() + 3));
  expect(state["cwd"]).toBe(box.path("work dir/é"));
});

asUsers("O_NONBLOCK of stdio stays as it was", async (box) => {
  await expectSame(box, ["nonblock=0", "nonblock=1", "nonblock=2"]);
});

asUsers("arguments arrive byte for byte", async (box) => {
  // printf makes what a JavaScript string can't carry: bytes that aren't UTF-8.
  const script = 'exec "$0" "$@" "" "$(printf "\\377\\376\\001")" "$(printf "\\303\\050")" "--" "-x" " "';
  const argv = [probePath("state")];
  const bare = parseState(await runProcess(box, ["/bin/sh", "-c", script, ...argv]));
  expect(bare["argv_2"]).toBe("fffe01");
  for (const audit of [false, true]) {
    const confined = runArgv(box, { policy: VERSION_ONLY, argv, audit });
    const state = parseState(await runProcess(box, ["/bin/sh", "-c", script, ...confined]));
    expect(comparable(state, [...CONFINED, "pdeathsig"])).toEqual(comparable(bare, [...CONFINED, "pdeathsig"]));
  }
});

asUsersUnless(NEEDS_FRONT, "an environment of 1 MB arrives unchanged", async (box) => {
  const big = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`BIG_${i}`, "x".repeat(64 * 1024 - 16)]));
  const steering = {
    BUN_TEST_X: "1",
    NODE_OPTIONS: "--x",
    LD_BIND_NOW: "1",
    GLIBC_TUNABLES: "",
    MALLOC_ARENA_MAX: "1",
  };
  await expectSame(box, [], [], { env: { ...baseEnv(box), ...big, ...steering, EMPTY: "", "odd name": "é" } });
});

asUsers("an environment that is empty, or not made of NAME=VALUE, arrives unchanged", async (box) => {
  await expectSame(box, [], [], { env: {} });
  const clean = ["/usr/bin/env", "-i", "A=1", "=odd", "A=2"];
  const bare = parseState(await runProcess(box, [...clean, probePath("state")]));
  for (const audit of [false, true]) {
    const state = parseState(
      await run(box, { policy: VERSION_ONLY, argv: [probePath("state")], audit, prefix: clean }),
    );
    expect(state["environ"]).toBe(bare["environ"] ?? "");
  }
});

asUsers("the terminal's modes stay as they were", async (box) => {
  const on = async (argv: readonly string[]): Promise<State> => {
    const session = openTerminal(box, argv);
    const { status } = await session.ended();
    return parseState({ status, signal: null, stdout: session.screen().replaceAll("\r\n", "\n"), stderr: "" });
  };
  const probe = [probePath("state")];
  const bare = await on(probe);
  expect(bare["foreground"]).toBe("1");
  for (const audit of [false, true]) {
    const confined = await on(runArgv(box, { policy: VERSION_ONLY, argv: probe, audit }));
    const without = [...CONFINED, "pdeathsig"];
    expect(comparable(confined, without)).toEqual(comparable(bare, without));
  }
});
