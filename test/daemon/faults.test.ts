import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { encodeFrame, FRAME_MAGIC, KINDS } from "../../src/daemon/frame.ts";
import { sealedCopy } from "../../src/native/memfd.ts";
import { syscall } from "../../src/native/syscall.ts";
import type { Box } from "../harness/box.ts";
import { asRoot, asUnprivileged, asUsers } from "../harness/cases.ts";
import { connectRaw, type Daemon, type RawClient, startDaemon } from "../harness/daemon.ts";
import { landlockdPath, run, runArgv } from "../harness/landlockd.ts";
import { brokeredPolicy, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs, baseEnv, runProcess } from "../harness/process.ts";
import { Random } from "../harness/random.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { until } from "../harness/within.ts";

/** For connections that this process makes itself: the daemon serves its own user. */
const asSuite = SUITE_IS_ROOT ? asRoot : asUnprivileged;

async function expectHonestRun(box: Box, daemon: Daemon): Promise<void> {
  const result = await run(box, {
    policy: VERSION_ONLY,
    argv: ["/bin/echo", "fine"],
    flags: ["--socket", daemon.socket],
  });
  expect([result.status, result.stdout, result.stderr]).toEqual([0, "fine\n", ""]);
}

function fdsOf(daemon: Daemon): number {
  return readdirSync(`/proc/${daemon.pid}/fd`).length;
}

/** Kind of the next frame, or that the daemon hung up. */
async function nextKind(client: RawClient): Promise<number | "closed"> {
  const datagram = await client.receive();
  if (datagram === "closed") return "closed";
  for (const fd of datagram.fds) syscall("close", fd);
  return new DataView(datagram.bytes.buffer).getUint16(6, true);
}

function pidsOf(pattern: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(pattern);
    } catch {
      return false;
    }
  });
}

asUsers(
  "a daemon that is killed leaves no run behind that it was the broker of, and the clients say so",
  async (box) => {
    const daemon = await startDaemon(box);
    const policy = brokeredPolicy(box);
    const mark = `${1_000_000 + Math.floor(Math.random() * 1_000_000)}`;
    const sleep = `/bin/busybox sleep ${mark}`;
    const script = `${sleep} & (setsid sh -c "${sleep}; :" &) ; ${sleep}; :`;
    const start = (): Bun.Subprocess<"ignore", "pipe", "pipe"> =>
      Bun.spawn(
        argvAs(box, runArgv(box, { policy, argv: ["/bin/sh", "-c", script], flags: ["--socket", daemon.socket] })),
        {
          env: baseEnv(box),
          cwd: box.dir,
          stdin: "ignore",
          stdout: "pipe",
          stderr: "pipe",
        },
      );
    const clients = Array.from({ length: 5 }, start);
    await until("the runs", async () => ((await daemon.status()).runs.now === 5 ? true : undefined));
    // Statically linked: a sleep asks the broker for nothing any more.
    await until("every process", () => (pidsOf(`sleep\0${mark}`).length >= 5 * 3 ? true : undefined));
    daemon.kill("SIGKILL");
    for (const client of clients) {
      await client.exited;
      expect(client.signalCode).toBe("SIGKILL");
      expect(await client.stderr.text()).toBe("landlockd: the daemon went away, and the run was ended\n");
    }
    expect(pidsOf(mark)).toEqual([]);
  },
);

asUsers("a full disk for the events is counted and told, and stops nothing", async (box) => {
  const daemon = await startDaemon(box);
  const flags = ["--socket", daemon.socket, "--audit", "/dev/full"];
  const held = await run(box, { policy: VERSION_ONLY, argv: ["/bin/echo", "fine"], flags });
  expect([held.status, held.stdout]).toEqual([0, "fine\n"]);
  expect(held.stderr).toBe("landlockd: 2 audit events were lost: ENOSPC\n");
});

asSuite("a client that says nothing, or asks and doesn't go on, is let go", async (box) => {
  const daemon = await startDaemon(box);
  const before = fdsOf(daemon);
  using silent = connectRaw(daemon.socket);
  expect(await nextKind(silent)).toBe(KINDS.hello);
  await expectHonestRun(box, daemon);
  expect(await nextKind(silent)).toBe("closed");
  await until("the fd to be closed", () => (fdsOf(daemon) <= before + 1 ? true : undefined));
});

asSuite("half a request is refused at once", async (box) => {
  const daemon = await startDaemon(box);
  const whole = encodeFrame("run", [
    ["policy_file", "x"],
    ["uid", 0],
    ["argc", 1],
  ]);
  for (const bytes of [whole.slice(0, 20), whole.slice(0, whole.length - 8), encodeFrame("run")]) {
    using client = connectRaw(daemon.socket);
    expect(await nextKind(client)).toBe(KINDS.hello);
    expect(client.send(bytes)).toBe(0);
    expect(await nextKind(client)).toBe(KINDS.refused);
    expect(await nextKind(client)).toBe("closed");
  }
  await expectHonestRun(box, daemon);
});

asSuite("a policy that isn't sealed, is too large or isn't there is refused", async (box) => {
  const daemon = await startDaemon(box);
  const request = encodeFrame("run", [
    ["policy_file", "x"],
    ["uid", 0],
    ["argc", 1],
  ]);
  const unsealed = syscall("memfd_create", Buffer.from("policy\0"), 3);
  const large = sealedCopy("large", new Uint8Array(1_048_577));
  const file = syscall("openat", -100, Buffer.from(`${box.write("policy.toml", VERSION_ONLY)}\0`), 0, 0);
  for (const fds of [[], [unsealed], [large], [file]]) {
    using client = connectRaw(daemon.socket);
    expect(await nextKind(client)).toBe(KINDS.hello);
    expect(client.send(request, fds)).toBe(0);
    expect(await nextKind(client)).toBe(KINDS.refused);
  }
  for (const fd of [unsealed, large, file]) syscall("close", fd);
  await expectHonestRun(box, daemon);
});

asSuite("10,000 connections that say nothing don't keep an honest client out", async (box) => {
  const daemon = await startDaemon(box);
  await expectHonestRun(box, daemon);
  const before = fdsOf(daemon);
  const clients: RawClient[] = [];
  for (let count = 0; count < 10_000; count++) {
    clients.push(connectRaw(daemon.socket));
    if (count % 64 === 0) await Bun.sleep(0);
  }
  await expectHonestRun(box, daemon);
  expect((await daemon.status()).connections).toBeLessThanOrEqual(257);
  for (const client of clients) client[Symbol.dispose]();
  await until("the connections to be closed", () => (fdsOf(daemon) <= before ? true : undefined));
  await expectHonestRun(box, daemon);
});

asUsers("a job that opens connections without end takes no places of honest clients", async (box) => {
  const daemon = await startDaemon(box);
  const script = `import socket, sys, time
held = []
for i in range(1000):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(sys.argv[1])
    held.append(s)
open(sys.argv[2], "w").close()
time.sleep(1000)`;
  const argv = ["/usr/bin/python3", box.write("flood.py", script), daemon.socket, box.path("inside/done")];
  const job = Bun.spawn(argvAs(box, runArgv(box, { policy: VERSION_ONLY, argv })), {
    env: baseEnv(box),
    cwd: box.dir,
    stdin: "ignore",
  });
  box.defer(() => job.kill("SIGKILL"));
  await until("1000 connections", () => existsSync(box.path("inside/done")) || undefined);
  await until("the queue", async () => ((await daemon.status()).connections <= 33 ? true : undefined));
  await expectHonestRun(box, daemon);
});

asSuite("a daemon that is out of fds lets silent clients go and serves on", async (box) => {
  const daemon = await startDaemon(box);
  await expectHonestRun(box, daemon);
  const limit = fdsOf(daemon) + 60;
  const lowered = await runProcess(box, [
    "/usr/bin/prlimit",
    "--pid",
    String(daemon.pid),
    `--nofile=${limit}:${limit}`,
  ]);
  expect(lowered.status).toBe(0);
  const clients = Array.from({ length: 100 }, () => connectRaw(daemon.socket));
  await expectHonestRun(box, daemon);
  for (const client of clients) client[Symbol.dispose]();
  await expectHonestRun(box, daemon);
});

asSuite("no malformed frame from a fuzzer harms it", async (box) => {
  const daemon = await startDaemon(box);
  await expectHonestRun(box, daemon);
  const before = fdsOf(daemon);
  const random = new Random(20_261_123);
  const seeds = [
    encodeFrame("status"),
    encodeFrame("run", [
      ["flags", 3],
      ["policy_file", "policy.toml"],
      ["policy_dir", "/"],
      ["set", "A=b"],
      ["uid", 0],
      ["argc", 2],
    ]),
    encodeFrame("started", [["pid", 1]]),
    encodeFrame("listener"),
    encodeFrame("ended", [["status", 0]]),
  ];
  const sealed = sealedCopy("policy", Buffer.from(VERSION_ONLY));
  for (let round = 0; round < 3000; round++) {
    using client = connectRaw(daemon.socket);
    for (let datagram = 0; datagram < 3; datagram++) {
      const seed = seeds[random.below(seeds.length)] ?? new Uint8Array();
      const bytes = new Uint8Array(Math.max(1, random.below(3) === 0 ? random.below(600) : seed.length));
      bytes.set(seed.subarray(0, bytes.length));
      for (let change = random.below(6); change > 0; change--) bytes[random.below(bytes.length)] = random.below(256);
      if (random.below(2) === 0 && bytes.length >= 16) {
        const view = new DataView(bytes.buffer);
        view.setUint32(0, FRAME_MAGIC, true);
        view.setUint32(8, bytes.length, true);
      }
      if (client.send(bytes, random.below(3) === 0 ? [sealed] : []) < 0) break;
    }
    if (round % 64 === 0) await Bun.sleep(0);
  }
  syscall("close", sealed);
  await expectHonestRun(box, daemon);
  await until("nothing to be leaked", () => (fdsOf(daemon) <= before + 3 ? true : undefined));
});

asUsers("a client that is stopped delays nobody", async (box) => {
  const daemon = await startDaemon(box);
  const argv = runArgv(box, { policy: VERSION_ONLY, argv: ["/bin/sleep", "1000"], flags: ["--socket", daemon.socket] });
  const client = Bun.spawn(argvAs(box, argv), { env: baseEnv(box), cwd: box.dir, stdin: "ignore" });
  box.defer(() => client.kill("SIGKILL"));
  await until("the run", async () => ((await daemon.status()).runs.now === 1 ? true : undefined));
  client.kill("SIGSTOP");
  for (let count = 0; count < 5; count++) await expectHonestRun(box, daemon);
  client.kill("SIGCONT");
});

asUsers("60 runs at once, each with its own output", async (box) => {
  const daemon = await startDaemon(box);
  const policy = box.write("policy.toml", VERSION_ONLY);
  const one = async (index: number): Promise<string> => {
    const argv = [
      landlockdPath(),
      "run",
      "--socket",
      daemon.socket,
      "--policy-file",
      policy,
      "--",
      "/bin/sh",
      "-c",
      `echo ${index}; exit ${index}`,
    ];
    const { status, stdout } = await runProcess(box, argv);
    return `${status} ${stdout.trim()}`;
  };
  const outcomes = await Promise.all(Array.from({ length: 60 }, (_, index) => one(index)));
  expect(outcomes).toEqual(outcomes.map((_, index) => `${index} ${index}`));
  const { runs, plans } = await daemon.status();
  expect([runs.now, runs.total, plans.misses]).toEqual([0, 60, 1]);
});

asUsers("the daemon's fds reach no job", async (box) => {
  const daemon = await startDaemon(box);
  const result = await run(box, {
    policy: VERSION_ONLY,
    argv: [probePath("state")],
    flags: ["--socket", daemon.socket],
  });
  expect(result.stdout).toMatch(/^fds 0 1 2$/m);
});
