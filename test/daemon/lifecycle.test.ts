import { expect } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { connectRaw, socketFolder, startDaemon, stopDaemon } from "../harness/daemon.ts";
import { landlockd, landlockdPath, readEvents, runArgv } from "../harness/landlockd.ts";
import { brokeredPolicy, VERSION_ONLY } from "../harness/policies.ts";
import { argvAs, baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";
import { until } from "../harness/within.ts";

type Running = Bun.Subprocess<"ignore", "pipe", "pipe">;

function startRun(box: Box, socket: string, argv: readonly string[], audit = false, policy = VERSION_ONLY): Running {
  const command = argvAs(box, runArgv(box, { policy, argv, flags: ["--socket", socket], audit }));
  const child = Bun.spawn(command, {
    env: baseEnv(box),
    cwd: box.dir,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  box.defer(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  return child;
}

async function serve(box: Box, socket: string): Promise<ProcessResult> {
  return await runProcess(box, [landlockdPath(), "serve", "--socket", socket], { timeoutMs: 20_000 });
}

asUsers("the socket is 0600 in a folder that is 0700, and gone when the daemon has stopped", async (box) => {
  const daemon = await startDaemon(box);
  const stats = lstatSync(daemon.socket);
  expect([stats.isSocket(), stats.mode & 0o777, stats.uid]).toEqual([true, 0o600, box.user.uid]);
  const stopped = await stopDaemon(box, daemon);
  expect([stopped.status, stopped.stderr]).toEqual([0, ""]);
  expect(await daemon.ended).toEqual({ status: 0, signal: null, stderr: "" });
  expect(existsSync(daemon.socket)).toBe(false);
  expect(daemon.events().map((each) => each.event)).toContain("daemon.exit");
});

asUsers("a folder that others can enter is no place for a socket", async (box) => {
  for (const mode of [0o755, 0o711, 0o770, 0o701]) {
    const folder = socketFolder(box, "open");
    chmodSync(folder, mode);
    const result = await serve(box, `${folder}/socket`);
    expect([mode, result.status, existsSync(`${folder}/socket`)]).toEqual([mode, 2, false]);
    expect(result.stderr).toContain("chmod 700");
  }
});

asUsers("where there is no daemon, or no folder for one, the error has words", async (box) => {
  const folder = socketFolder(box, "empty");
  const alone = await landlockd(box, ["status", "--socket", `${folder}/socket`]);
  expect([alone.status, alone.stdout]).toEqual([2, ""]);
  expect(alone.stderr).toContain(`no daemon answers at ${folder}/socket: No such file or directory (ENOENT)\n`);
  const nowhere = await landlockd(box, ["status", "--socket", `${folder}/none/socket`]);
  expect(nowhere.status).toBe(2);
  expect(nowhere.stderr).toContain("cannot open the socket's folder: No such file or directory (ENOENT)\n");
});

asUsers("a missing folder is made; a name of 200 bytes is no obstacle", async (box) => {
  const folder = socketFolder(box, `${"x".repeat(100)}/${"y".repeat(100)}`);
  chmodSync(folder, 0o700);
  const socket = `${folder}/new/socket`;
  const child = Bun.spawn(argvAs(box, [landlockdPath(), "serve", "--socket", socket]), {
    env: baseEnv(box),
    stdin: "ignore",
    stderr: "pipe",
  });
  box.defer(() => child.kill("SIGKILL"));
  await until("the socket", () => existsSync(socket) || undefined);
  expect(lstatSync(`${folder}/new`).mode & 0o777).toBe(0o700);
  const status = await runProcess(box, [landlockdPath(), "status", "--socket", socket]);
  expect(status.status).toBe(0);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
});

asUsers("what a dead daemon left behind is taken over; a live one's socket and anything else is not", async (box) => {
  const daemon = await startDaemon(box);
  const second = await serve(box, daemon.socket);
  expect([second.status, second.stdout]).toEqual([2, ""]);
  expect(second.stderr).toContain("somebody listens there");
  daemon.kill("SIGKILL");
  await daemon.ended;
  expect(existsSync(daemon.socket)).toBe(true);
  const third = await startDaemon(box);
  expect((await third.status()).pid).toBe(third.pid);
  for (const make of [
    (path: string): void => writeFileSync(path, "precious"),
    (path: string): void => void mkdirSync(path),
  ]) {
    const path = `${socketFolder(box, "taken")}/${make.length}-${Math.random()}`;
    make(path);
    const result = await serve(box, path);
    expect([result.status, existsSync(path)]).toEqual([2, true]);
    expect(result.stderr).toContain("isn't a socket");
  }
  const link = `${box.path("taken")}/link`;
  box.symlink(third.socket, "taken/link");
  expect((await serve(box, link)).status).toBe(2);
  expect((await third.status()).pid).toBe(third.pid);
});

asUsers("two daemons that start at once: one listens, one says so", async (box) => {
  const socket = `${socketFolder(box)}/socket`;
  const start = (): Running =>
    Bun.spawn(argvAs(box, [landlockdPath(), "serve", "--socket", socket]), {
      env: baseEnv(box),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  const both = [start(), start()];
  box.defer(() => {
    for (const each of both) each.kill("SIGKILL");
  });
  const first = await Promise.race(both.map(async (each) => ({ each, status: await each.exited })));
  expect(first.status).toBe(2);
  const status = await until("the other one to answer", async () => {
    const result = await runProcess(box, [landlockdPath(), "status", "--socket", socket, "--json"]);
    return result.status === 0 ? (JSON.parse(result.stdout) as { pid: number }) : undefined;
  });
  expect(status.pid).not.toBe(first.each.pid);
});

asRoot("a socket of another user is left alone", async (box) => {
  const folder = socketFolder(box, "theirs");
  const made = await runProcess(box, [
    "/usr/bin/python3",
    "-c",
    `import socket,os; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind("${folder}/s"); os.chown("${folder}/s", 61234, 61234)`,
  ]);
  expect(made.status).toBe(0);
  expect((await serve(box, `${folder}/s`)).status).toBe(2);
  expect(existsSync(`${folder}/s`)).toBe(true);
});

asUsers("stop waits for the runs and takes no new one; stop --now ends them", async (box) => {
  const daemon = await startDaemon(box);
  const go = box.path("inside/go");
  const waiting = startRun(box, daemon.socket, ["/bin/sh", "-c", `while ! test -e ${go}; do sleep 0.05; done; exit 5`]);
  await until("the run", async () => ((await daemon.status()).runs.now === 1 ? true : undefined));
  const stopping = stopDaemon(box, daemon);
  await until(
    "the daemon to stop",
    async () => ((await daemon.status()) as unknown as { stopping: boolean }).stopping || undefined,
  );
  const late = startRun(box, daemon.socket, ["/bin/true"]);
  expect(await late.exited).toBe(125);
  expect(await late.stderr.text()).toBe("landlockd: the daemon is stopping\n");
  box.write("inside/go", "");
  expect(await waiting.exited).toBe(5);
  const stopped = await stopping;
  expect([stopped.status, stopped.stdout]).toEqual([0, "stopped; 1 run came to an end, 0 runs ended\n"]);
  expect((await daemon.ended).status).toBe(0);
});

asUsers("stop --now ends the runs, and their clients say why", async (box) => {
  const daemon = await startDaemon(box);
  const policy = brokeredPolicy(box);
  const runs = [1, 2, 3].map((count) => startRun(box, daemon.socket, ["/bin/sleep", "1000"], count === 1, policy));
  await until("the runs", async () => ((await daemon.status()).runs.now === 3 ? true : undefined));
  const stopped = await stopDaemon(box, daemon, ["--now"]);
  expect([stopped.status, stopped.stdout]).toEqual([0, "stopped; 0 runs came to an end, 3 runs ended\n"]);
  for (const each of runs) {
    await each.exited;
    expect(each.signalCode).toBe("SIGKILL");
    expect(await each.stderr.text()).toBe("landlockd: the run was ended: the daemon was told to stop\n");
  }
  const last = readEvents(box.path("audit.jsonl")).at(-1);
  expect(last).toMatchObject({ event: "run.error", stage: "daemon", errno: 0 });
});

asUsers("SIGTERM drains, a second one ends", async (box) => {
  const daemon = await startDaemon(box);
  const held = startRun(box, daemon.socket, ["/bin/sleep", "1000"], false, brokeredPolicy(box));
  await until("the run", async () => ((await daemon.status()).runs.now === 1 ? true : undefined));
  daemon.kill("SIGTERM");
  await Bun.sleep(300);
  expect(held.exitCode).toBeNull();
  daemon.kill("SIGTERM");
  await held.exited;
  expect(held.signalCode).toBe("SIGKILL");
  expect((await daemon.ended).status).toBe(0);
  expect(existsSync(daemon.socket)).toBe(false);
});

asUsers("status for people names what it counts", async (box) => {
  const daemon = await startDaemon(box);
  for (const [argv, status] of [
    [["/bin/true"], 0],
    [["/bin/false"], 1],
  ] as const) {
    const flags = ["run", "--socket", daemon.socket, "--policy-file", box.write("policy.toml", VERSION_ONLY), "--"];
    expect((await landlockd(box, [...flags, ...argv])).status).toBe(status);
  }
  const text = (await runProcess(box, [landlockdPath(), "status", "--socket", daemon.socket])).stdout;
  expect(text).toContain("0 now, 2 in total");
  expect(text).toContain("1 with status 0, 1 with another");
  expect(text).toContain("1 kept, 1 times found, 1 times compiled");
  using raw = connectRaw(daemon.socket);
  expect(raw.fd).toBeGreaterThan(2);
});
