/** Listed files that are read without Bun: by the front's receivers (csrc/front/receivers.h). */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { syscall } from "../../src/native/syscall.ts";
import { brokeredPrograms, prepare } from "../broker/policies.ts";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { childrenOf } from "../harness/children.ts";
import { readEvents } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { until } from "../harness/within.ts";
import { begin, openStage, sh } from "./brokered.ts";
import { openShelf } from "./shelf.ts";

const KCMP_FILES = 2;

const reads = (...argv: readonly string[]): string[] => [probePath("reads"), ...argv];

/** The kernel's own answers, with the same uid. */
async function natively(box: Box, path: string): Promise<string> {
  const shelf = openShelf(box);
  const grants = brokeredPrograms({ allow_read: ["/etc/hostname"] }, [{ path, rights: ["read_file"] }]);
  const { stdout } = await shelf.run(box.write("granted.toml", grants), { argv: reads("ways", path) });
  return stdout;
}

asUsers("a listed file is opened as the kernel would, by Bun and by the front", async (box) => {
  const stage = await openStage(box);
  const argv = reads("ways", stage.listed);
  const kernel = await natively(box, stage.listed);
  expect(kernel).toContain("plain fd 3 flags 100000 cloexec 0: 6 listed, write EBADF, 6\n");
  expect(kernel).toContain("no room EMFILE\n");
  const bun = await stage.run(stage.policy, { argv, env: { LANDLOCKD_NO_FAST_PATH: "1" } });
  expect(bun).toMatchObject({ by: "bun", stdout: kernel });
  const front = await stage.run(stage.policy, { argv });
  expect(front).toMatchObject({ by: "front", stdout: kernel });
});

asUsers("while eight processes read, Bun takes over, and nobody gets another file", async (box) => {
  const stage = await openStage(box);
  for (let round = 0; round < 8; round++) {
    const script = `${reads("many", stage.listed, "400").join(" ")} & sleep 0.0${round}; echo made > ${stage.scratch}/file; cat ${stage.scratch}/file; wait`;
    const { by, stdout, stderr } = await stage.run(stage.policy, { argv: sh(script) });
    expect({ by, stdout: stdout.split("\n").sort(), stderr }).toEqual({
      by: "front",
      stdout: ["", "0 wrong", "made"],
      stderr: "",
    });
  }
});

asUsers("signals to landlockd while it hands files over give nobody another file", async (box) => {
  const stage = await openStage(box);
  // Bun's, and the front's.
  for (const more of [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}]) {
    const run = begin({ ...stage, env: { ...stage.env, ...more } }, reads("many", stage.listed, "1000"));
    await until(
      "the first file",
      () => readdirSync(`/proc/${run.pid}/task`).length > 1 || receiversOf(run.pid).length > 0,
    );
    const ended = run.end();
    let signals = 0;
    // SIGWINCH is caught and passed on; it ends nobody.
    for (let over = false; !over; signals++) {
      for (const signal of signals % 2 === 0 ? ["SIGWINCH" as const] : (["SIGSTOP", "SIGCONT"] as const)) {
        process.kill(run.pid, signal);
      }
      over = await Promise.race([ended.then(() => true), Bun.sleep(1).then(() => false)]);
    }
    expect([await ended, run.text(), run.complaint()]).toEqual(["0", "0 wrong\n", ""]);
    expect(signals).toBeGreaterThan(20);
  }
});

/** The processes of landlockd's that receive requests: they run its own program, and its keeper has its own. */
function receiversOf(pid: number): string[] {
  return childrenOf(pid).slice(1);
}

/** Waits until there are so many. */
function receivers(pid: number, count: number): Promise<string[]> {
  return until(`${count} receivers`, () => {
    const found = receiversOf(pid);
    return found.length === count ? found : undefined;
  });
}

/** Shell code that makes so many receivers worth it. Each command that is run opens its libraries, which are on no list. */
function worth(count: 1 | 3, listed: string): string {
  return count === 3 ? reads("many", listed, "40").join(" ") : "for i in 1 2 3 4 5 6 7 8 9 10; do cat /dev/null; done";
}

/** A thousand opens that are on no list, without a process of their own: the shell reads a file by a redirection. */
const QUIETLY = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); read line </dev/null; done";

asUsers("there are as many receivers as what is asked for is worth", async (box) => {
  const stage = await openStage(box);
  const { listed } = stage;
  const script = [
    `cat ${listed} >/dev/null; read next`,
    `${worth(1, listed)}; read next`,
    `cat ${listed} >/dev/null; read next`,
    `${worth(3, listed)} >/dev/null; read next`,
    `${QUIETLY}; read next`,
    `cat ${listed}`,
  ];
  const run = begin(stage, sh(script.join("; ")), [], "pipe");
  for (const count of [0, 1, 1, 3, 1]) {
    await receivers(run.pid, count);
    run.say("\n");
  }
  expect([await run.end(), run.text(), run.complaint()]).toEqual(["0", "listed", ""]);
});

asUsers("receivers that come and go leave no descriptor behind", async (box) => {
  if (box.user.uid !== 0) return; // not dumpable: only root looks into it
  const stage = await openStage(box);
  const turns = reads("turns", stage.listed, "600").join(" ");
  const script = `${worth(3, stage.listed)} >/dev/null; ${QUIETLY}; read next; ${turns}; ${QUIETLY}; read next`;
  const run = begin(stage, sh(script), [], "pipe");
  const open = async (): Promise<string[]> => {
    await receivers(run.pid, 1);
    return readdirSync(`/proc/${run.pid}/fd`)
      .map((fd) => readlinkSync(`/proc/${run.pid}/fd/${fd}`))
      .sort();
  };
  const before = await open();
  // One that is ended between an open and its close takes along what it had opened (kcmp(2)): tables of their own.
  for (const pid of await receivers(run.pid, 1)) {
    expect(syscall("kcmp", run.pid, Number(pid), KCMP_FILES, 0, 0)).toBeGreaterThan(0);
  }
  run.say("\n");
  await until("its readers' end", () => (run.text() === "" ? undefined : true));
  const after = await open();
  run.say("\n");
  expect([await run.end(), run.complaint()]).toEqual(["0", ""]);
  expect(after.length).toBe(before.length);
});

asUsers("a receiver that is killed ends the run: it may have left an open half answered", async (box) => {
  const stage = await openStage(box);
  for (const count of [1, 3] as const) {
    const run = begin(stage, sh(`echo pid $$; ${worth(count, stage.listed)}; sleep 60`));
    const victim = (await receivers(run.pid, count)).at(-1);
    process.kill(Number(victim), "SIGKILL");
    expect([await run.end(), run.complaint()]).toEqual([
      "125",
      "landlockd: the broker failed, and the run was ended: a process of landlockd's was killed\n",
    ]);
    const pid = run.text().match(/pid (\d+)/)?.[1] ?? "";
    await until("the workload's end", () => (existsSync(`/proc/${pid}`) ? undefined : true));
  }
});

asUsers("receivers die with a landlockd that is killed", async (box) => {
  const stage = await openStage(box);
  for (const count of [1, 3] as const) {
    const run = begin(stage, sh(`${worth(count, stage.listed)}; sleep 60`));
    const pids = await receivers(run.pid, count);
    for (const pid of pids) {
      // Not dumpable: its files are root's (proc(5)), and nobody else looks into it.
      if (box.user.uid === 0) expect(readlinkSync(`/proc/${pid}/exe`)).toContain("landlockd");
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/CapEff:\s+0000000000000000\n/);
    }
    process.kill(run.pid, "SIGKILL");
    expect(await run.end()).toBe("SIGKILL");
    await until("their end", () => (pids.some((pid) => existsSync(`/proc/${pid}`)) ? undefined : true));
  }
});

asUsers("with --audit each open is on record, and so Bun's", async (box) => {
  const stage = await openStage(box);
  const argv = sh(`cat ${stage.listed}; cat ${stage.listed}`);
  const result = await stage.run(stage.policy, { argv, flags: ["--audit", box.path("audit.jsonl")] });
  expect(result).toMatchObject({ by: "front", stdout: "listedlisted", status: 0 });
  const opened = readEvents(box.path("audit.jsonl")).filter(({ event }) => event === "broker.open");
  expect(opened.length).toBe(2);
});

asUsers("a file that is listed for writing is never opened by a receiver", async (box) => {
  const shelf = openShelf(box);
  const { listed, scratch } = prepare(box);
  const policy = box.write("writes.toml", brokeredPrograms({ allow_write: [listed], scratch: [scratch] }));
  for (const by of ["bun", "front"]) {
    const { stdout, ...rest } = await shelf.run(policy, { argv: reads("ways", listed) });
    expect(rest).toMatchObject({ by, status: 0 });
    expect(stdout).toContain("plain EACCES\n");
    expect(stdout).toContain("close on exec EACCES\n");
    // Control: it may be written.
    expect(stdout).toContain("write fd 3");
    box.write("outside/listed", "listed");
  }
});
