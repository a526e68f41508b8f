/** Files that the broker opens and hands over, on record: what the caller gets, and when landlockd is disturbed. */
import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { brokeredPrograms, prepare } from "../broker/policies.ts";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { readEvents } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { until } from "../harness/within.ts";
import { begin, openStage, sh } from "./brokered.ts";
import { openShelf } from "./shelf.ts";

const reads = (...argv: readonly string[]): string[] => [probePath("reads"), ...argv];

const audited = (box: Box): string[] => ["--audit", box.path("audit.jsonl")];

/** The kernel's own answers, with the same uid. */
async function natively(box: Box, path: string): Promise<string> {
  const shelf = openShelf(box);
  const grants = brokeredPrograms({ allow_read: ["/etc/hostname"] }, [{ path, rights: ["read_file"] }]);
  const { stdout } = await shelf.run(box.write("granted.toml", grants), { argv: reads("ways", path) });
  return stdout;
}

asUsers("a listed file is handed over as the kernel would open it, whoever starts the run", async (box) => {
  const stage = await openStage(box);
  const argv = reads("ways", stage.listed);
  const kernel = await natively(box, stage.listed);
  expect(kernel).toContain("plain fd 3 flags 100000 cloexec 0: 6 listed, write EBADF, 6\n");
  expect(kernel).toContain("no room EMFILE\n");
  const flags = audited(box);
  const bun = await stage.run(stage.policy, { argv, flags, env: { LANDLOCKD_NO_FAST_PATH: "1" } });
  expect(bun).toMatchObject({ by: "bun", stdout: kernel });
  const front = await stage.run(stage.policy, { argv, flags });
  expect(front).toMatchObject({ by: "front", stdout: kernel });
});

asUsers("while eight processes read, Bun takes over, and nobody gets another file", async (box) => {
  const stage = await openStage(box);
  await stage.run(stage.policy, { argv: ["/bin/true"], flags: audited(box) });
  for (let round = 0; round < 4; round++) {
    const script = `${reads("many", stage.listed, "200").join(" ")} & sleep 0.0${round}; echo made > ${stage.scratch}/file; cat ${stage.scratch}/file; wait`;
    const { by, stdout, stderr } = await stage.run(stage.policy, { argv: sh(script), flags: audited(box) });
    expect({ by, stdout: stdout.split("\n").sort(), stderr }).toEqual({
      by: "front",
      stdout: ["", "0 wrong", "made"],
      stderr: "",
    });
  }
});

asUsers("signals to landlockd while it hands files over give nobody another file", async (box) => {
  const stage = await openStage(box);
  for (const more of [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}]) {
    const run = begin({ ...stage, env: { ...stage.env, ...more } }, reads("many", stage.listed, "1000"), audited(box));
    await until("Bun", () => readdirSync(`/proc/${run.pid}/task`).length > 1);
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

asUsers("with --audit each open is on record", async (box) => {
  const stage = await openStage(box);
  const argv = sh(`cat ${stage.listed}; cat ${stage.listed}`);
  for (const env of [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}]) {
    box.remove("audit.jsonl");
    const result = await stage.run(stage.policy, { argv, flags: audited(box), env });
    expect(result).toMatchObject({ stdout: "listedlisted", status: 0 });
    const opened = readEvents(box.path("audit.jsonl")).filter(({ event }) => event === "broker.open");
    expect(opened.map(({ path, decision }) => [path, decision])).toEqual([
      [stage.listed, "allow"],
      [stage.listed, "allow"],
    ]);
  }
});

asUsers("a file that is listed for writing is never opened for reading", async (box) => {
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
