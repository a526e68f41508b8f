/** Runs that nobody stays for: through the register, and what becomes of them. */
import { expect } from "bun:test";
import { chownSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { dirname } from "node:path";
import { encodeFrame } from "../../src/daemon/frame.ts";
import { entryMac } from "../../src/daemon/register.ts";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { type Daemon, startDaemon, stopDaemon } from "../harness/daemon.ts";
import { landlockd, landlockdPath, run } from "../harness/landlockd.ts";
import { systemAndInside } from "../harness/policies.ts";
import { argvAs, baseEnv, runProcess } from "../harness/process.ts";
import { until } from "../harness/within.ts";

const PYTHON = "/usr/bin/python3";

/** The sockets beside a daemon's own. */
function registers({ socket }: Daemon): string[] {
  const folder = dirname(socket);
  return readdirSync(folder).flatMap((name) => (/^socket\.[0-9a-f]{16}$/.test(name) ? [`${folder}/${name}`] : []));
}

function argvOf(box: Box, daemon: Daemon, argv: readonly string[]): string[] {
  const policy = box.write("plain.toml", systemAndInside(box));
  return [landlockdPath(), "run", "--socket", daemon.socket, "--policy-file", policy, "--", ...argv];
}

function start(box: Box, daemon: Daemon, argv: readonly string[]): Bun.Subprocess {
  const child = Bun.spawn(argvAs(box, argvOf(box, daemon, argv)), {
    env: baseEnv(box),
    cwd: box.dir,
    stdio: ["ignore", "ignore", "ignore"],
  });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  return child;
}

/** The policy's plan is in the store when this is over. */
async function fill(box: Box, daemon: Daemon): Promise<void> {
  box.mkdir(".cache");
  expect((await runProcess(box, argvOf(box, daemon, ["/bin/true"]))).status).toBe(0);
  // Answered after what the daemon does behind its answer to the run.
  await daemon.status();
}

async function runs(daemon: Daemon, count: number): Promise<void> {
  await until(`${count} runs`, async () => ((await daemon.status()).runs.now === count ? true : undefined));
}

const fdsOf = (daemon: Daemon): number => readdirSync(`/proc/${daemon.pid}/fd`).length;

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

asUsers("the process that asked becomes the workload, and the daemon is asked once", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const sleeping = start(box, daemon, ["/bin/sleep", "1000"]);
  await runs(daemon, 1);
  await until("the workload", () => (readlinkSync(`/proc/${sleeping.pid}/exe`).endsWith("/sleep") ? true : undefined));
  expect((await daemon.status()).connections).toBe(1);
  for (const script of ["exit 0", "exit 7", "kill -TERM $$"])
    await runProcess(box, argvOf(box, daemon, ["/bin/sh", "-c", script]));
  sleeping.kill("SIGKILL");
  await sleeping.exited;
  const { runs: counted, outcomes, plans } = await daemon.status();
  expect(counted).toEqual({ now: 0, total: 5, direct: 0, refused: 0 });
  expect(outcomes).toEqual({ exited_zero: 2, exited_nonzero: 1, signaled: 2, failed: 0, lost: 0, unknown: 0 });
  expect(plans).toEqual({ kept: 1, hits: 0, misses: 1 });
  const requests = daemon.events().filter((each) => each.event === "daemon.request" && each["command"] === "run");
  expect(requests.map((each) => [each["policy_file"], each["argc"]])).toEqual(
    [1, 2, 3, 3, 3].map((argc) => [box.path("plain.toml"), argc]),
  );
});

asUsers("stop waits for it; stop --now ends it, and what descends from it", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const go = box.path("inside/go");
  const waiting = start(box, daemon, ["/bin/sh", "-c", `while ! test -e ${go}; do sleep 0.05; done; exit 5`]);
  await runs(daemon, 1);
  const stopping = stopDaemon(box, daemon);
  await until("the register to close", () => (registers(daemon).length === 0 ? true : undefined));
  const late = await runProcess(box, argvOf(box, daemon, ["/bin/true"]));
  expect([late.status, late.stderr]).toEqual([125, "landlockd: the daemon is stopping\n"]);
  box.write("inside/go", "");
  expect(await waiting.exited).toBe(5);
  expect((await stopping).stdout).toBe("stopped; 1 run came to an end, 0 runs ended\n");
  const second = await startDaemon(box);
  const pids = box.path("inside/pids");
  const script = `echo $$ >>${pids}; (sh -c 'echo $$ >>${pids}; sleep 1000; :' & setsid -w sh -c 'echo $$ >>${pids}; sleep 1000; :')`;
  const tree = start(box, second, ["/bin/sh", "-c", `${script}; :`]);
  const started = await until("the tree", () => {
    const found = existsSync(pids) ? readFileSync(pids, "latin1").trim().split("\n").map(Number) : [];
    return found.length === 3 ? found : undefined;
  });
  expect(started.map(isAlive)).toEqual([true, true, true]);
  expect((await stopDaemon(box, second, ["--now"])).stdout).toBe("stopped; 0 runs came to an end, 1 run ended\n");
  await tree.exited;
  expect(tree.signalCode).toBe("SIGKILL");
  await until("the tree to end", () => (started.some(isAlive) ? undefined : true));
});

asUsers("it goes on without a daemon that was killed, and the next daemon opens the register anew", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const child = start(box, daemon, ["/bin/sleep", "1000"]);
  await runs(daemon, 1);
  const [stale = ""] = registers(daemon);
  daemon.kill("SIGKILL");
  await daemon.ended;
  expect(lstatSync(stale).isSocket()).toBe(true);
  const alone = await runProcess(box, argvOf(box, daemon, ["/bin/true"]));
  expect([alone.status, alone.stdout]).toEqual([125, ""]);
  const leftover = `${daemon.socket}.0123456789abcdef`;
  await runProcess(box, [
    PYTHON,
    "-c",
    `import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind("${leftover}")`,
  ]);
  const kept = box.write(`daemon/${"socket.fedcba9876543210"}`, "precious");
  const second = await startDaemon(box);
  expect([child.exitCode, existsSync(leftover), existsSync(kept)]).toEqual([null, false, true]);
  expect(registers(second).filter((each) => each !== kept)).toEqual([stale]);
  await fill(box, second);
  expect((await second.status()).plans.misses).toBe(0);
  expect((await second.status()).runs.total).toBe(1);
  await stopDaemon(box, second);
  expect(registers(second)).toEqual([kept]);
});

asUsers("a daemon that chooses the policies has no register", async (box) => {
  box.write("policies/work.toml", systemAndInside(box));
  const daemon = await startDaemon(box, ["--policy-dir", box.path("policies")]);
  const argv = ["run", "--socket", daemon.socket, "--policy", "work", "--", "/bin/true"];
  for (let count = 0; count < 2; count++) expect((await landlockd(box, argv)).status).toBe(0);
  expect(registers(daemon)).toEqual([]);
  const { runs: counted, outcomes } = await daemon.status();
  expect([counted.total, outcomes["exited_zero"]]).toEqual([2, 2]);
});

/** Sends datagrams, in hexadecimal, with an fd each. */
const SEND = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
for each in sys.argv[2:]:
    socket.send_fds(s, [bytes.fromhex(each)], [0])
print("sent")
`;

asUsers("nobody is entered who can't prove that he knows the key, and nothing of it stays", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const [register = ""] = registers(daemon);
  const key = new Uint8Array(32).fill(7);
  const secret = new Uint8Array(readFileSync(box.path(".local/state/landlockd/key")));
  const entry = (mac: Uint8Array): string =>
    Buffer.from(
      encodeFrame("becomes", [
        ["policy_file", "x"],
        ["argc", 1],
        ["key", key],
        ["mac", mac],
      ]),
    ).toString("hex");
  const honest = entry(entryMac(secret, key));
  const forged = [
    entry(new Uint8Array(32)),
    entry(entryMac(new Uint8Array(32), key)),
    entry(entryMac(secret, new Uint8Array(32))),
    honest.slice(0, -2),
    `${honest}00`,
    Buffer.from(encodeFrame("status")).toString("hex"),
    Buffer.from(encodeFrame("stop", [["flags", 1]])).toString("hex"),
    "00",
    "",
  ];
  const before = fdsOf(daemon);
  const denied = (): number =>
    daemon.events().filter((each) => each.event === "daemon.peer" && each["decision"] === "deny").length;
  const sender = [PYTHON, box.write("send.py", SEND), register];
  // In a sandbox, as a job would be that found the socket.
  const policy = systemAndInside(box, [{ path: box.path("send.py"), rights: ["read_file"] }]);
  const job = await run(box, { policy, argv: [...sender, ...forged] });
  expect([job.status, job.stdout, job.stderr]).toEqual([0, "sent\n", ""]);
  await until("the denials", () => (denied() === forged.length ? true : undefined));
  expect((await daemon.status()).runs.total).toBe(1);
  await until("no fd to be left", () => (fdsOf(daemon) <= before ? true : undefined));
  // The control: with the key it is an entry, and counts for whoever sent it.
  expect((await runProcess(box, [...sender, honest])).stdout).toBe("sent\n");
  await until("the entry", async () => ((await daemon.status()).runs.total === 2 ? true : undefined));
  expect((await daemon.status()).outcomes["exited_zero"]).toBe(2);
  expect(denied()).toBe(forged.length);
  await until("no fd to be left", () => (fdsOf(daemon) <= before ? true : undefined));
});

asUsers("a process in a sandbox isn't entered, though the plan and the register are there", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const result = await runProcess(box, [
    "/usr/bin/setpriv",
    "--no-new-privs",
    "--",
    ...argvOf(box, daemon, ["/bin/true"]),
  ]);
  expect([result.status, result.stderr]).toEqual([125, "landlockd: the process that asks is itself in a sandbox\n"]);
  expect((await daemon.status()).runs.total).toBe(1);
});

asRoot("a register of another user's is passed over", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  for (const register of registers(daemon)) chownSync(register, 61234, 61234);
  await fill(box, daemon);
  expect((await daemon.status()).plans).toEqual({ kept: 1, hits: 1, misses: 1 });
});

asUsers("a daemon that is short of fds closes the register, and opens it when there are more", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const limit = fdsOf(daemon) + 70;
  expect(
    (await runProcess(box, ["/usr/bin/prlimit", "--pid", `${daemon.pid}`, `--nofile=${limit}:${limit}`])).status,
  ).toBe(0);
  const children = Array.from({ length: 60 }, () => start(box, daemon, ["/bin/sleep", "1000"]));
  await until("the register to close", () => (registers(daemon).length === 0 ? true : undefined));
  for (const child of children) child.kill("SIGKILL");
  for (const child of children) await child.exited;
  await until("the register to open", () => (registers(daemon).length === 1 ? true : undefined));
  await fill(box, daemon);
  const { runs: counted, outcomes } = await daemon.status();
  expect(counted.now).toBe(0);
  const ended = Object.values(outcomes).reduce((sum, each) => sum + each, 0);
  expect(ended).toBe(counted.total);
});

asUsers("500 runs at once are all counted, however many find the register full", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const script = `i=0; while [ $i -lt 20 ]; do "$@" & i=$((i + 1)); done; wait`;
  for (let round = 0; round < 25; round++) {
    const batch = await runProcess(box, ["/bin/sh", "-c", script, "sh", ...argvOf(box, daemon, ["/bin/true"])]);
    expect([batch.status, batch.stderr]).toEqual([0, ""]);
  }
  const { runs: counted, outcomes } = await daemon.status();
  expect([counted.now, counted.total, outcomes]).toMatchObject([0, 501, { exited_zero: 501, unknown: 0 }]);
});

/** Sends junk as fast as it is taken, and says when it has begun. */
const FLOOD = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
s.send(b"junk")
open(sys.argv[2], "w").close()
while True:
    try: s.send(b"junk")
    except OSError: pass
`;

asUsers("a job that floods the register keeps no run out, and none uncounted", async (box) => {
  const daemon = await startDaemon(box);
  await fill(box, daemon);
  const [register = ""] = registers(daemon);
  const policy = systemAndInside(box, [{ path: box.path("flood.py"), rights: ["read_file"] }]);
  const argv = [PYTHON, box.write("flood.py", FLOOD), register, box.path("inside/begun")];
  const flags = ["run", "--policy-file", box.write("flood.toml", policy), "--"];
  const job = Bun.spawn(argvAs(box, [landlockdPath(), ...flags, ...argv]), {
    env: baseEnv(box),
    cwd: box.dir,
    stdio: ["ignore", "ignore", "ignore"],
  });
  box.defer(async () => {
    job.kill("SIGKILL");
    await job.exited;
  });
  await until("the flood", () => (existsSync(box.path("inside/begun")) ? true : undefined));
  for (let count = 0; count < 20; count++) {
    expect((await runProcess(box, argvOf(box, daemon, ["/bin/true"]))).status).toBe(0);
  }
  const { runs: counted, outcomes } = await daemon.status();
  expect([counted.total, outcomes["exited_zero"], job.exitCode]).toEqual([21, 21, null]);
});
