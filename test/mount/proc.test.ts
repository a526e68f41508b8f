import { expect } from "bun:test";
import { existsSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { expectNoneOutlives } from "../harness/chain.ts";
import { runArgv } from "../harness/landlockd.ts";
import { storable } from "../harness/policies.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { runScript } from "./prepared.ts";

/** Storable, so that it is the front's to supervise too. */
const ownProc = (box: Box): string => `${storable(box)}[mount]\nproc = ["/proc"]\n`;

asUsers("a fresh proc shows the run's own processes, as many as it has, and no capability anywhere", async (box) => {
  const script =
    "echo $$; for each in /proc/[0-9]*; do echo ${each#/proc/}; done; grep Cap /proc/self/status | sort -u";
  const result = await runScript(box, ownProc(box), `${script}; readlink /proc/self/ns/pid`, { audit: true });
  const [self, ...rest] = result.stdout.split("\n");
  expect(self).toBe("2");
  expect(rest.slice(0, 2)).toEqual(["1", "2"]);
  expect(result.stdout.match(/Cap(?:Inh|Prm|Eff|Amb):\t0+\n/g)?.length).toBe(4);
  expect(result.stdout).not.toMatch(/Cap(?:Inh|Prm|Eff|Amb):\t0*[1-9a-f]/);
  expect(result.events.find(({ event }) => event === "mount.proc")).toMatchObject({ path: "/proc", decision: "allow" });
  // The audit stream has pids as the host sees them.
  expect(Number(result.events.find(({ event }) => event === "run.start")?.["pid"])).toBeGreaterThan(2);
});

asUsers("the init is out of reach: its root, memory, environment and fds, and signals to it", async (box) => {
  const paths = ["root/", "cwd/", "environ", "maps", "mem", "fd/"].map((name) => `/proc/1/${name}`);
  const script = `for each in ${paths.join(" ")}; do ls $each >/dev/null 2>&1 && cat $each 2>/dev/null | wc -c; done`;
  const result = await runScript(box, ownProc(box), `${script}; kill -9 1; echo $?; kill -TERM 1; echo $?`);
  expect(result.stdout.replaceAll("0\n", "").trim()).toBe("1\n1");
  expect(result.status).toBe(0);
});

asUsers("exit status and fatal signals come through the init", async (box) => {
  expect(await runScript(box, ownProc(box), "exit 7")).toMatchObject({ status: 7, signal: null });
  expect(await runScript(box, ownProc(box), "kill -KILL $$")).toMatchObject({ status: null, signal: "SIGKILL" });
  expect(await runScript(box, ownProc(box), "kill -USR1 $$")).toMatchObject({ status: null, signal: "SIGUSR1" });
});

asUsers("orphans are reaped", async (box) => {
  const script = "(sh -c 'sleep 0.1' & ) ; sleep 0.4; grep -l 'State:.Z' /proc/[0-9]*/status; echo end";
  const result = await runScript(box, ownProc(box), script);
  expect(result).toMatchObject({ status: 0, stdout: "end\n" });
});

asUsers("signals to landlockd reach the workload, and what it leaves behind ends with it", async (box) => {
  const marker = box.path("inside/pid");
  const script = `trap 'echo caught; exit 5' TERM; (sleep 1000 & echo started >${marker}); while :; do sleep 0.05; done`;
  const argv = runArgv(box, { policy: ownProc(box), argv: ["/bin/busybox", "sh", "-c", script] });
  const child = Bun.spawn(argvAs(box, argv), { env: baseEnv(box), cwd: box.dir, stdout: "pipe", stderr: "pipe" });
  await until("the workload", () => (existsSync(marker) ? true : undefined));
  child.kill("SIGTERM");
  // The output's end comes when nobody has it any more: not the sleeper either.
  expect(await child.stdout.text()).toBe("caught\n");
  expect(await child.exited).toBe(5);
});

asUnprivileged("in a PID namespace no process outlives a killed landlockd, however fast they fork", async (box) => {
  await expectNoneOutlives(box, ownProc(box));
});

asUsers("the init isn't ended by signals of its terminal's or of the workload's, and the run goes on", async (box) => {
  const script = "for each in HUP INT QUIT TERM TSTP USR1 KILL STOP; do kill -$each 1; done; sleep 0.1; echo on";
  expect(await runScript(box, ownProc(box), script)).toMatchObject({ status: 0, stdout: "on\n" });
});
