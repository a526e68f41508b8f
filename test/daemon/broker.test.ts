import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { type Daemon, startDaemon } from "../harness/daemon.ts";
import { type RunResult, run, runArgv } from "../harness/landlockd.ts";
import { FS_RIGHTS, layer, VERSION_ONLY } from "../harness/policies.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { until } from "../harness/within.ts";

/** Programs can be run, nothing can be written, and the broker has one file to read and one folder to work in. */
function brokered(box: Box): string {
  const system = ["/usr", "/bin", "/lib", "/lib64", "/etc", "/dev/null"].map((path) => ({
    path,
    rights: path === "/dev/null" ? ["read_file", "write_file"] : ["execute", "read_file", "read_dir"],
    optional: true,
  }));
  return `${VERSION_ONLY}${layer(FS_RIGHTS, system)}[broker]
allow_read = [${JSON.stringify(box.path("outside/listed"))}]
scratch = [${JSON.stringify(box.mkdir("scratch"))}]
`;
}

async function shell(box: Box, daemon: Daemon | undefined, script: string, audit = false): Promise<RunResult> {
  const flags = daemon === undefined ? [] : ["--socket", daemon.socket];
  return await run(box, { policy: brokered(box), argv: ["/bin/sh", "-c", script], flags, audit });
}

asUsers("what the broker allows and denies is the same through a daemon, and so are its events", async (box) => {
  const daemon = await startDaemon(box);
  const listed = box.write("outside/listed", "listed\n");
  const secret = box.write("outside/secret", "secret\n");
  const scratch = box.path("scratch");
  const script = `cat ${listed}; cat ${secret}; echo made >${scratch}/a; mkdir ${scratch}/d; mv ${scratch}/a ${scratch}/d/b
cat ${scratch}/d/b; rm -r ${scratch}/d; echo no >${listed}; ( sleep 0.2; cat ${listed}; echo late ) & exit 7`;
  const events = (result: RunResult): unknown =>
    result.events.map(({ timestamp: _time, run_id: _run, pid: _pid, ...rest }) => rest);
  const direct = await shell(box, undefined, script, true);
  box.remove("audit.jsonl");
  const held = await shell(box, daemon, script, true);
  const light = await shell(box, daemon, script);
  expect(direct.status).toBe(7);
  expect(direct.stdout).toBe("listed\nmade\nlisted\nlate\n");
  expect(direct.events.some((each) => each.event === "broker.rename")).toBe(true);
  expect({ ...held, events: events(held) }).toEqual({ ...direct, events: events(direct) });
  expect({ ...light, events: [] }).toEqual({ ...direct, events: [] });
  const status = await daemon.status();
  expect([status.runs.direct, status.runs.now]).toEqual([0, 0]);
  expect(status.brokered_requests).toBeGreaterThan(10);
});

asUsers("a run that floods its broker, or blocks in an open, delays no other", async (box) => {
  const daemon = await startDaemon(box);
  box.write("outside/listed", "listed\n");
  const flags = ["--socket", daemon.socket];
  const policy = brokered(box);
  const start = (script: string): Bun.Subprocess => {
    const argv = runArgv(box, { policy, argv: ["/bin/sh", "-c", script], flags });
    const child = Bun.spawn(argvAs(box, argv), { env: baseEnv(box), cwd: box.dir, stdin: "ignore", stdout: "ignore" });
    box.defer(async () => {
      child.kill("SIGKILL");
      await child.exited;
    });
    return child;
  };
  const fifo = `${box.path("scratch")}/fifo`;
  const blocked = start(`mkfifo ${fifo}; exec cat ${fifo}`);
  const flood = start(`while :; do : <${box.path("outside/listed")}; done`);
  await until("both runs", async () => ((await daemon.status()).runs.now === 2 ? true : undefined));
  for (let count = 0; count < 5; count++) {
    const from = performance.now();
    expect((await shell(box, daemon, `cat ${box.path("outside/listed")}`)).stdout).toBe("listed\n");
    // A stall would last as long as the FIFO is without a writer, which is for ever.
    expect(performance.now() - from).toBeLessThan(5000);
  }
  expect([blocked.exitCode, flood.exitCode]).toEqual([null, null]);
});

asUsers("a listed folder that is missing fails as without a daemon", async (box) => {
  const daemon = await startDaemon(box);
  const policy = `${VERSION_ONLY}[broker]\nscratch = [${JSON.stringify(box.path("not-there"))}]\n`;
  const direct = await run(box, { policy, argv: ["/bin/true"] });
  const held = await run(box, { policy, argv: ["/bin/true"], flags: ["--socket", daemon.socket] });
  expect(direct.status).toBe(125);
  expect(held).toEqual(direct);
});

asRoot("a client that may do less than the daemon supervises its run by itself", async (box) => {
  const daemon = await startDaemon(box);
  box.write("outside/listed", "listed\n");
  const prefix = ["/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
  const argv = ["/bin/cat", box.path("outside/listed")];
  const result = await run(box, {
    policy: brokered(box),
    argv,
    prefix,
    flags: ["--socket", daemon.socket],
  });
  expect([result.status, result.stdout, result.stderr]).toEqual([0, "listed\n", ""]);
  expect((await daemon.status()).runs.direct).toBeGreaterThan(0);
});
