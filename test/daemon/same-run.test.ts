import { expect } from "bun:test";
import { getPriority } from "node:os";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { type Daemon, startDaemon } from "../harness/daemon.ts";
import { landlockd, landlockdPath, type RunOptions, type RunResult, run, runArgv } from "../harness/landlockd.ts";
import { brokeredPolicy, insideOnly, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { comparable, parseState, type State } from "../harness/state.ts";
import { openTerminal } from "../harness/terminal.ts";

interface Ways {
  /** Supervised by its own landlockd. */
  readonly direct: RunResult;
  /** Held by a daemon; its client is Bun, for the events. */
  readonly held: RunResult;
  /** Held by a daemon; its client is the front. */
  readonly light: RunResult;
}

/** The same run, in every way. */
async function everyWay(box: Box, daemon: Daemon, options: RunOptions): Promise<Ways> {
  const direct = await run(box, { ...options, audit: true });
  box.remove("audit.jsonl");
  const flags = [...(options.flags ?? []), "--socket", daemon.socket];
  const held = await run(box, { ...options, audit: true, flags });
  box.remove("audit.jsonl");
  return { direct, held, light: await run(box, { ...options, flags }) };
}

/** What differs between any two runs. */
function withoutIdentity(result: RunResult): unknown {
  const events = result.events.map(({ timestamp: _time, run_id: _run, pid: _pid, ...rest }) => rest);
  return { ...result, events };
}

/** A run without a record isn't warned that it may write it. */
function withoutReach({ stderr }: RunResult): string {
  return stderr.replace(/^landlockd: warning: this run may write its record .*\n/gm, "");
}

asUsers("a held run starts in the state of a direct one", async (box) => {
  const daemon = await startDaemon(
    box,
    [],
    [probePath("with"), "nofile=1000", "umask=0007", "nice=7", "ignore=10", "--"],
  );
  const prepare = [
    "close=2",
    "ignore=2",
    "ignore=37",
    "block=15",
    "nofile=77",
    "core=4096",
    "umask=0137",
    "nice=3",
    "nonblock=0",
  ];
  const prefix = [probePath("with"), ...prepare, "--"];
  const options: RunOptions = {
    policy: VERSION_ONLY,
    argv: [probePath("state"), "a", "é", ""],
    prefix,
    cwd: box.mkdir("work dir/é"),
  };
  const { direct, held, light } = await everyWay(box, daemon, options);
  // Nobody stays for it, as for a direct run without a record.
  const plain = await run(box, options);
  const state: State = parseState(held);
  expect(comparable(state)).toEqual(comparable(parseState(direct)));
  expect(comparable(parseState(light))).toEqual(comparable(parseState(plain)));
  expect([state["umask"], state["nice"], state["cwd"]]).toEqual([
    "137",
    String(getPriority() + 3),
    box.path("work dir/é"),
  ]);
  expect(state["rlimit_7"]).toStartWith("4d ");
  expect(state["fd_2"]).toBe("closed");
});

asUsers("status, signal, output, messages and events are those of a direct run", async (box) => {
  const daemon = await startDaemon(box);
  const shell = (script: string): readonly string[] => ["/bin/sh", "-c", script];
  const program = "/bin/busybox";
  const cases: readonly RunOptions[] = [
    { policy: VERSION_ONLY, argv: shell("cat; echo err >&2; exit 7"), stdin: "input\n" },
    { policy: VERSION_ONLY, argv: shell("ulimit -c 0; kill -SEGV $$") },
    { policy: VERSION_ONLY, argv: shell("kill -KILL $$") },
    { policy: VERSION_ONLY, argv: ["landlockd-no-such-command"] },
    { policy: VERSION_ONLY, argv: [box.write("not-executable", "#!/bin/sh\n", 0o644)] },
    { policy: insideOnly(box, []), argv: [program, "true"] },
    { policy: insideOnly(box, [program]), argv: [program, "cat", box.write("outside/secret", "x")] },
    { policy: insideOnly(box, [program]), argv: [program, "touch", box.path("inside/made")] },
    { policy: insideOnly(box, [box.path("missing")]), argv: [program, "true"] },
    { policy: "version = 2\nnet = 1\n", argv: [program, "true"] },
    { policy: "version = \n", argv: [program, "true"] },
    {
      policy: `${VERSION_ONLY}[runtime]\ncwd = "\${WHERE}"\n`,
      argv: shell("pwd"),
      flags: ["--set", `WHERE=${box.path("inside")}`],
    },
    { policy: `${VERSION_ONLY}[runtime]\ncwd = "\${CWD}/inside"\n`, argv: shell("pwd") },
    { policy: `${VERSION_ONLY}[runtime]\ncwd = "\${POLICY_DIR}/outside"\n`, argv: shell("pwd") },
    { policy: null, flags: ["--policy", "ci-default"], argv: shell("echo $HOME") },
    { policy: null, flags: ["--policy", "no-such-policy"], argv: shell("true") },
  ];
  for (const options of cases) {
    const { direct, held, light } = await everyWay(box, daemon, options);
    expect([options.argv, withoutIdentity(held)]).toEqual([options.argv, withoutIdentity(direct)]);
    expect([options.argv, light]).toEqual([options.argv, { ...direct, events: [], stderr: withoutReach(direct) }]);
  }
  expect((await daemon.status()).runs.now).toBe(0);
});

asUsers("the client's job id is in the run's events, and in the daemon's", async (box) => {
  const daemon = await startDaemon(box);
  const env = { PATH: "/usr/bin:/bin", LANDLOCKD_JOB_ID: "job-17" };
  const result = await run(box, {
    policy: VERSION_ONLY,
    argv: ["/bin/true"],
    audit: true,
    env,
    flags: ["--socket", daemon.socket],
  });
  expect(result.events.map((each) => each["job_id"])).toEqual(["job-17", "job-17"]);
  const request = daemon.events().find((each) => each.event === "daemon.request");
  expect(request).toMatchObject({ job_id: "job-17", command: "run", policy_file: box.path("policy.toml"), argc: 1 });
});

asUsers("on a terminal it is the foreground job, and Ctrl-C and Ctrl-Z reach it", async (box) => {
  const daemon = await startDaemon(box);
  const flags = ["--socket", daemon.socket];
  // No command in the loop: Ctrl-Z between vfork and execve stops the child, and leaves the shell waiting for it.
  const argv = ["/bin/sh", "-c", "trap 'echo caught' INT; echo ready; while :; do :; done"];
  const shell = openTerminal(box, ["/bin/bash", "--norc", "--noprofile", "-i"]);
  await shell.see(/\$ /);
  shell.type(
    `${runArgv(box, { policy: VERSION_ONLY, argv: ["/bin/sh", box.write("loop.sh", argv[2] ?? "")], flags }).join(" ")}\n`,
  );
  await shell.see(/ready/);
  shell.type("\x03");
  await shell.see(/caught/);
  shell.type("\x1a");
  await shell.see(/Stopped/);
  expect((await daemon.status()).runs.now).toBe(1);
  shell.type("fg\n");
  await shell.see(/loop\.sh/);
  shell.type("\x1c");
  await shell.see(/\$ /);
});

asUsers("policies are kept by content and values", async (box) => {
  const daemon = await startDaemon(box);
  const policy = `${VERSION_ONLY}[runtime]\ncwd = "\${CWD}"\n`;
  const held = async (cwd: string, text: string = policy): Promise<string> => {
    const file = box.write("policy.toml", text);
    const argv = ["run", "--socket", daemon.socket, "--policy-file", file, "--", "/bin/pwd"];
    return (await landlockd(box, argv, { cwd })).stdout.trim();
  };
  const [one, two] = [box.mkdir("one"), box.mkdir("two")];
  expect([await held(one), await held(two), await held(one), await held(two)]).toEqual([one, two, one, two]);
  expect((await daemon.status()).plans).toEqual({ kept: 2, hits: 2, misses: 2 });
  await held(one, `${policy}# changed\n`);
  expect((await daemon.status()).plans).toEqual({ kept: 3, hits: 2, misses: 3 });
});

asUsers("a client that stays for its run and is killed takes it along", async (box) => {
  const daemon = await startDaemon(box);
  const file = box.path("inside/ticks");
  const argv = runArgv(box, {
    policy: brokeredPolicy(box),
    argv: ["/bin/sh", "-c", `while :; do echo x >>${file}; sleep 0.05; done & wait`],
    flags: ["--socket", daemon.socket],
  });
  const child = Bun.spawn(["/bin/sh", "-c", 'exec "$@"', "sh", ...asBoxUser(box, argv)], {
    cwd: box.dir,
    stdin: "ignore",
  });
  // The workload may be quicker than the client is in telling that it started.
  while (!(await Bun.file(file).exists()) || (await daemon.status()).runs.now !== 1) await Bun.sleep(20);
  child.kill("SIGKILL");
  await child.exited;
  await Bun.sleep(200);
  const size = Bun.file(file).size;
  await Bun.sleep(300);
  expect(Bun.file(file).size).toBe(size);
  expect((await daemon.status()).outcomes["lost"]).toBe(1);
});

function asBoxUser(box: Box, argv: readonly string[]): string[] {
  return box.user.uid === 0 || process.getuid?.() !== 0
    ? [...argv]
    : ["setpriv", `--reuid=${box.user.uid}`, `--regid=${box.user.gid}`, "--clear-groups", "--", ...argv];
}

asUsers("--socket where nobody answers, or nothing is: 125 and one line", async (box) => {
  for (const socket of [box.path("nowhere"), box.write("a-file", ""), box.dir]) {
    const result = await runProcess(box, [
      landlockdPath(),
      "run",
      "--socket",
      socket,
      "--policy",
      "ci-default",
      "--",
      "/bin/true",
    ]);
    expect([socket, result.status, result.stdout]).toEqual([socket, 125, ""]);
    expect(result.stderr).toMatch(/^landlockd: [^\n]+\n( {2}[^\n]+\n)?$/);
  }
});
