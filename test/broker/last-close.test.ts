/** The last close of a file is the caller's: by the time that it runs on, nobody of landlockd's has the file open. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { type RunOptions, run } from "../harness/landlockd.ts";
import { RUNNABLE } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { brokered } from "./policies.ts";

/** Each with how often it is tried, and whether it needs no more than a file of the lists. */
const KINDS = [
  ["flock", 300, true],
  ["ofd", 300, true],
  ["lease", 1000, true],
  ["readlease", 1000, true],
  ["execute", 100, false],
  ["watch", 300, true],
  ["fifo", 300, true],
] as const;

function prepare(box: Box): string {
  const folder = box.mkdir("scratch");
  box.write("scratch/file", "file");
  Bun.spawnSync(["mkfifo", "-m", "666", `${folder}/fifo`]);
  return folder;
}

function argvFor(folder: string, [kind, count]: (typeof KINDS)[number]): string[] {
  const name = { execute: "script", fifo: "fifo" } as const;
  return [probePath("last"), kind, `${folder}/${kind in name ? name[kind as "fifo"] : "file"}`, String(count)];
}

async function expectNone(box: Box, folder: string, policy: string, options: Partial<RunOptions> = {}): Promise<void> {
  for (const each of KINDS) {
    const result = await run(box, { ...options, policy, argv: argvFor(folder, each) });
    expect([result.stderr, result.stdout]).toEqual(["", `${each[0]} 0\n`]);
  }
}

const PROGRAM = { path: probePath("last"), rights: RUNNABLE };
const PROC = { path: "/proc", rights: ["read_file", "read_dir"] };

function scratchPolicy(folder: string): string {
  return brokered({ scratch: [folder] }, [PROGRAM, PROC, { path: folder, rights: RUNNABLE }]);
}

asUsers("control: without a broker a close is the last one, unless somebody holds the file", async (box) => {
  const folder = prepare(box);
  for (const each of KINDS) {
    const argv = argvFor(folder, each);
    expect((await runProcess(box, argv)).stdout).toBe(`${each[0]} 0\n`);
    expect((await runProcess(box, [...argv.with(3, "20"), "held"])).stdout).toBe(`${each[0]} 20\n`);
  }
});

asUsers("beneath scratch the last close is the caller's", async (box) => {
  const folder = prepare(box);
  await expectNone(box, folder, scratchPolicy(folder));
});

asUsers("and so it is where each call is on record", async (box) => {
  const folder = prepare(box);
  await expectNone(box, folder, scratchPolicy(folder), { audit: true });
});

asUsers("and where a daemon serves", async (box) => {
  const folder = prepare(box);
  const daemon = await startDaemon(box);
  await expectNone(box, folder, scratchPolicy(folder), { flags: ["--socket", daemon.socket] });
});

asUsers("the last close of a listed file is the caller's", async (box) => {
  const folder = prepare(box);
  const files = ["file", "fifo"].map((name) => `${folder}/${name}`);
  const policy = brokered({ allow_read: files, allow_write: files }, [PROGRAM]);
  for (const each of KINDS.filter(([, , listed]) => listed)) {
    // Opened for reading and writing, a file is one of allow_write.
    for (const audit of [false, true]) {
      const result = await run(box, { policy, audit, argv: argvFor(folder, each) });
      expect([audit, result.stderr, result.stdout]).toEqual([audit, "", `${each[0]} 0\n`]);
    }
  }
});
