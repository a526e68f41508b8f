/** A filesystem that hangs: whoever asks it waits, and nobody else. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRootUnless, asUsersUnless } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { run } from "../harness/landlockd.ts";
import { counting, older, refusedIn } from "../harness/older.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { until } from "../harness/within.ts";
import { brokered, type Lists, prepare } from "./policies.ts";

const OBSTACLE = !SUITE_IS_ROOT
  ? "only root may mount a filesystem that hangs"
  : existsSync("/dev/fuse")
    ? undefined
    : "the kernel has no FUSE";

/** How often others open a file while one hangs. Were they held up, they would wait for the end of the test. */
const OPENS = "100";
/** Within which it can be killed, on a machine that is busy with other things. */
const KILLED_MS = "60000";
/** What can't be killed is watched for so long. */
const ALIVE_MS = "1000";
const TIMEOUT_MS = 110_000;

interface Hung {
  /** Where the filesystem is, for those that `enter` it. */
  readonly dir: string;
  readonly enter: readonly string[];
  /** Is there once something hangs. */
  readonly held: string;
  /** Its server's pid, once something entered. */
  readonly server: () => Promise<number>;
  /** What still runs with the filesystem mounted, but for its server. */
  readonly left: () => Promise<number[]>;
}

function namespaceOf(pid: number | string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

/** test/probe/hang.c, not mounted yet. */
function hungIn(box: Box): Hung {
  const dir = box.mkdir("hung");
  const pidFile = box.path("server.pid");
  const pid = (): number | undefined =>
    existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) || undefined : undefined;
  const server = (): Promise<number> => until("the FUSE server", pid);
  box.defer(() => {
    const running = pid();
    if (running !== undefined && namespaceOf(running) !== undefined) process.kill(running, "SIGKILL");
  });
  return {
    dir,
    enter: [probePath("hang"), dir, pidFile],
    held: `${pidFile}.held`,
    server,
    left: async () => {
      const own = await server();
      const namespace = namespaceOf(own);
      const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && namespaceOf(name) === namespace);
      return pids.map(Number).filter((each) => each !== own);
    },
  };
}

function policyFor(lists: Lists): string {
  return brokered(lists, [{ path: probePath("stall"), rights: ["execute", "read_file"] }]);
}

/** What a call that hangs does to another process, without a broker or beneath landlockd. */
async function stall(
  box: Box,
  hung: Hung,
  call: readonly string[],
  good: string,
  lists?: Lists,
  more: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  const argv = [probePath("stall"), ...call, good, hung.held, OPENS, lists === undefined ? ALIVE_MS : KILLED_MS];
  const options = { enter: hung.enter, timeoutMs: TIMEOUT_MS, env: { ...baseEnv(box), ...more } };
  return lists === undefined
    ? await runProcess(box, argv, options)
    : await run(box, { policy: policyFor(lists), argv, ...options });
}

/** Nobody waited for the stuck one; it could be killed; and all is gone once the filesystem is. */
async function expectOthersServed(hung: Hung, result: ProcessResult): Promise<void> {
  expect([result.stdout, result.stderr, result.status]).toEqual(["stuck\nkilled\n0\n", "", 0]);
  // What waits for the server can't be killed: that it is there still shows that the lookup was one that hung.
  const helper = await until("nobody else to be left", async () => {
    const [first, ...others] = await hung.left();
    return others.length === 0 ? first : undefined;
  });
  process.kill(await hung.server(), "SIGKILL");
  await until("the helper's end", () => (namespaceOf(helper) === undefined ? true : undefined));
}

asUsersUnless(OBSTACLE, "without a broker, an open on the filesystem hangs and can't even be killed", async (box) => {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const result = await stall(box, hung, ["open", `${hung.dir}/lookup`], listed);
  expect([result.stdout, result.status]).toEqual(["stuck\nalive\n0\n", 0]);
  process.kill(await hung.server(), "SIGKILL");
  const other = hungIn(box);
  const fine = await stall(box, other, ["open", `${other.dir}/ok`], listed);
  expect([fine.stdout, fine.status]).toEqual(["0\n0\n", 0]);
});

asUsersUnless(OBSTACLE, "a path on no list whose lookup hangs holds up only who asked", async (box) => {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const result = await stall(box, hung, ["open", `${hung.dir}/lookup`], listed, { allow_read: [listed] });
  await expectOthersServed(hung, result);
});

asUsersUnless(OBSTACLE, "a symbolic link to such a path hides it from nobody", async (box) => {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const link = box.symlink(`${hung.dir}/lookup`, "link");
  const result = await stall(box, hung, ["open", link], listed, { allow_read: [listed] });
  await expectOthersServed(hung, result);
});

asUsersUnless(OBSTACLE, "a listed file whose open hangs holds up only who opens it", async (box) => {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const lists = { allow_read: [listed, `${hung.dir}/open`] };
  await expectOthersServed(hung, await stall(box, hung, ["open", `${hung.dir}/open`], listed, lists));
});

asUsersUnless(OBSTACLE, "a change beneath scratch that hangs holds up only who makes it", async (box) => {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const lists = { allow_read: [listed], scratch: [`${hung.dir}/dir`] };
  await expectOthersServed(hung, await stall(box, hung, ["mkdir", `${hung.dir}/dir/stuck`], listed, lists));
});

/** Calls on the filesystem that don't hang. `inside`: what it is entered through behind it. */
async function expectServed(box: Box, inside: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const lists = { allow_read: [listed, `${hung.dir}/ok`], scratch: [`${hung.dir}/dir`] };
  for (const [call, result] of [
    [["open", `${hung.dir}/ok`], "0"],
    [["open", `${hung.dir}/open`], "EACCES"],
    [["open", `${hung.dir}/none`], "ENOENT"],
    [["mkdir", `${hung.dir}/dir/made`], "0"],
    [["mkdir", `${hung.dir}/made`], "EACCES"],
    [["truncate", `${hung.dir}/dir/open`], "ENOSYS"],
  ] as const) {
    const each = { ...hungIn(box), enter: [...hung.enter, ...inside] };
    const ended = await stall(box, each, call, listed, lists, env);
    expect([call, ended.stdout]).toEqual([call, `${result}\n0\n`]);
    process.kill(await hung.server(), "SIGKILL");
  }
}

asUsersUnless(OBSTACLE, "what doesn't hang on the filesystem is served as anywhere", async (box) => {
  await expectServed(box, [], {});
});

asUsersUnless(
  OBSTACLE,
  "and so it is before Linux 5.12, where nobody says what the kernel has in its cache",
  async (box) => {
    await expectServed(box, older(["cached"]), counting(box));
    expect(refusedIn(box)).toBeGreaterThan(0);
  },
);

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

asUsersUnless(OBSTACLE, "a listed file is opened once its server answers again, as what it is", async (box) => {
  const hung = hungIn(box);
  const go = box.path("go");
  const policy = policyFor({ allow_read: [`${hung.dir}/late`] });
  const argv = [probePath("stall"), "wait", `${hung.dir}/late`, go];
  let ended = false;
  const running = run(box, { policy, argv, enter: hung.enter }).finally(() => {
    ended = true;
  });
  await until("the workload", async () =>
    (await hung.left()).some((pid) => nameOf(pid) === "stall") ? true : undefined,
  );
  process.kill(await hung.server(), "SIGUSR2");
  await Bun.sleep(100);
  box.write("go", "");
  await Bun.sleep(500);
  expect(ended).toBe(false);
  process.kill(await hung.server(), "SIGUSR1");
  expect((await running).stdout).toBe("ok\n");
  await until("nobody to be left", async () => ((await hung.left()).length === 0 ? true : undefined));
});

asUsersUnless(OBSTACLE, "a filesystem that is mounted while the run goes on is no exception", async (box) => {
  const hung = hungIn(box);
  const { listed } = prepare(box);
  const [go, there] = [box.path("go"), box.path("there")];
  const stalling = [probePath("stall"), "open", `${hung.dir}/lookup`, listed, hung.held, OPENS, KILLED_MS].join(" ");
  // The first open is passed on while nothing is mounted yet.
  const script = `read a < /proc/version; echo > ${there}; until [ -e ${go} ]; do sleep 0.02; done; exec ${stalling}`;
  const program = { path: probePath("stall"), rights: ["execute", "read_file"] };
  const system = ["/usr", "/bin", "/lib", "/lib64", "/proc"].map((path) => ({
    path,
    rights: ["execute", "read_file", "read_dir"],
    optional: true,
  }));
  const policy = brokered({ allow_read: [listed], allow_write: [there] }, [program, ...system]);
  const enter = [
    "unshare",
    "--mount",
    "--propagation=private",
    "sh",
    "-c",
    'echo $$ > "$0"; exec "$@"',
    box.path("inside.pid"),
  ];
  const running = run(box, { policy, argv: ["/bin/bash", "-c", script], enter, timeoutMs: TIMEOUT_MS });
  await until("the workload", () => (existsSync(there) ? true : undefined));
  const target = readFileSync(box.path("inside.pid"), "utf8").trim();
  const [hang = "", ...rest] = hung.enter;
  Bun.spawnSync(["nsenter", "--mount", `--target=${target}`, hang, "here", ...rest]);
  await hung.server();
  box.write("go", "");
  await expectOthersServed(hung, await running);
});

/** A process that has the filesystem mounted, by its name. */
async function find(hung: Hung, name: string): Promise<number> {
  return await until(name, async () => (await hung.left()).find((pid) => nameOf(pid) === name));
}

asRootUnless(
  OBSTACLE,
  "in a daemon, a run whose lookup hangs holds up no other run, nor does what it leaves",
  async (box) => {
    const hung = hungIn(box);
    const { listed } = prepare(box);
    const daemon = await startDaemon(box, [], hung.enter);
    const enter = ["nsenter", "--mount", `--target=${await hung.server()}`];
    const options = { policy: policyFor({ allow_read: [listed] }), flags: ["--socket", daemon.socket], enter };
    const serve = async (): Promise<void> => {
      const other = await run(box, { ...options, argv: [probePath("race"), "hammer", listed, "2", "200"] });
      expect(other.stdout).toBe("400\n");
    };
    const stuck = run(box, { ...options, argv: [probePath("stall"), "wait", `${hung.dir}/lookup`, "/"] });
    const workload = await find(hung, "stall");
    // Of the daemon's children one is the filesystem's server: it was there before it became the daemon.
    const server = await hung.server();
    const helpers = (): readonly string[] => {
      const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, "utf8").trim().split(" ");
      return children.filter((pid) => pid !== "" && pid !== String(server));
    };
    const [helper] = await until("the helper", () => (helpers().length > 0 ? helpers() : undefined));
    await serve();
    process.kill(workload, "SIGKILL");
    expect((await stuck).signal).toBe("SIGKILL");
    await serve();
    expect((await daemon.status()).brokered_requests).toBeGreaterThan(800);
    expect(helpers()).toEqual([helper ?? ""]);
    process.kill(server, "SIGKILL");
    await until("the helper's end", () => (helpers().length === 0 ? true : undefined));
  },
);
