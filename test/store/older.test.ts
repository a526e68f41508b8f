/**
 * What the broker does on the kernels before this one, whose ways it takes where the newer ones are refused: by Bun, and
 * by the front from a stored plan.
 */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { naiveArgv } from "../broker/naive.ts";
import { brokeredPrograms, prepare } from "../broker/policies.ts";
import type { Box } from "../harness/box.ts";
import { asUsersUnless } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { counting, NEEDS_TRACER, OLDER, older, refusedIn } from "../harness/older.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { openStage, type Stage, sh } from "./brokered.ts";
import { openShelf, type Served, type ShelfRun } from "./shelf.ts";

const KERNELS = Object.entries(OLDER);

/** Runs something on each of the kernels by Bun and by the front. `check` gets the run, and where it was. */
async function onEach(
  stage: Stage,
  options: ShelfRun,
  check: (result: Served, where: { readonly kernel: string; readonly by: string }) => void,
): Promise<void> {
  for (const [kernel, lacks] of KERNELS) {
    for (const [by, more] of [
      ["bun", { LANDLOCKD_NO_FAST_PATH: "1" }],
      ["front", {}],
    ] as const) {
      const env = { ...counting(stage.box), ...more };
      const result = await stage.run(stage.policy, { ...options, enter: older(lacks), env });
      expect([kernel, result.by, result.stderr]).toEqual([kernel, by, expect.stringMatching(/^(?:[\d.]+\n)?$/)]);
      check(result, { kernel, by });
    }
  }
}

/** The tracer came upon what it was to refuse: there was a file to hand over. */
function expectRefused(box: Box, kernel: string): void {
  expect([kernel, refusedIn(box) > 0]).toEqual([kernel, OLDER[kernel]?.includes("send") === true]);
}

asUsersUnless(NEEDS_TRACER, "control: who takes a newer kernel for granted fails on these", async (box) => {
  const { listed } = prepare(box);
  const attempt = probeArgv("fs", [["read_openat", listed]]);
  const naive = (lack: "nothing" | "killable", lacks: readonly string[]) =>
    runProcess(box, naiveArgv(box, lack, attempt), { enter: older(lacks) });
  expect(await naive("nothing", [])).toMatchObject({ status: 0, stdout: "read_openat OK\n" });
  expect((await naive("nothing", ["killable"])).status).toBe(99);
  expect((await naive("nothing", ["send"])).stdout).toBe("read_openat EINVAL\n");
  expect((await naive("killable", ["killable"])).stdout).toBe("read_openat OK\n");
});

asUsersUnless(NEEDS_TRACER, "the lists are what they are on every kernel", async (box) => {
  const stage = await openStage(box);
  const { listed, secret, scratch, out, log } = stage;
  const script = [
    `cat ${listed} ${listed}; cat ${secret} 2>/dev/null || echo " no secret"`,
    `echo line >> ${log}; cd ${scratch}; echo made > a; mv a b; ln b c; mkdir -p tree/sub; cp b tree/sub/file`,
    `ln b ${out}/linked; mv b ${out}/moved; mv tree ${out}/tree; mv c ${out}/../outside/c 2>/dev/null || echo kept; rm c`,
    `mkfifo fifo; echo through > fifo & cat fifo; rm fifo; ls`,
  ].join("; ");
  await onEach(stage, { argv: sh(script) }, ({ stdout, status }, { kernel }) => {
    expect([kernel, stdout, status]).toEqual([kernel, "listedlisted no secret\nkept\nthrough\n", 0]);
    expect(readFileSync(log, "utf8")).toBe("line\n");
    expect(readdirSync(out).sort()).toEqual(["linked", "moved", "tree"]);
    expect(readFileSync(`${out}/tree/sub/file`, "utf8")).toBe("made\n");
    expectRefused(box, kernel);
    for (const name of ["outside/log", "export", "scratch"]) box.remove(name);
    prepare(box);
  });
});

asUsersUnless(NEEDS_TRACER, "a listed file is opened as the kernel would, by one and by eight at once", async (box) => {
  const stage = await openStage(box);
  const granted = brokeredPrograms({ allow_read: ["/etc/hostname"] }, [{ path: stage.listed, rights: ["read_file"] }]);
  const argv = [probePath("reads"), "ways", stage.listed];
  const natively = await openShelf(box).run(box.write("granted.toml", granted), { argv });
  expect(natively.stdout).toContain("no room EMFILE\n");
  await onEach(stage, { argv }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, natively.stdout]);
  });
  await onEach(stage, { argv: [probePath("reads"), "many", stage.listed, "60"] }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, "0 wrong\n"]);
    expectRefused(box, kernel);
  });
});

const race = (...argv: readonly string[]): string[] => [probePath("race"), ...argv];
/** Room for so few that what is kept of each request would soon be too much. */
const FEW_FDS = ["/bin/sh", "-c", 'ulimit -n 64; exec "$@"', "sh"];

asUsersUnless(NEEDS_TRACER, "callers that are killed, or ask a thousand times, leave nothing behind", async (box) => {
  const stage = await openStage(box);
  const prefix = FEW_FDS;
  await onEach(stage, { argv: race("killed", stage.listed, "60"), prefix }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, "listed\n"]);
  });
  await onEach(stage, { argv: race("hammer", stage.listed, "2", "400"), prefix }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, "800\n"]);
  });
  await onEach(stage, { argv: race("full", stage.listed), prefix }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, "EMFILE\nlisted\n"]);
  });
});

asUsersUnless(NEEDS_TRACER, "an open that waits is restarted, or interrupted, as its handler says", async (box) => {
  const stage = await openStage(box);
  const fifo = `${stage.scratch}/fifo`;
  Bun.spawnSync(["mkfifo", "-m", "666", fifo]);
  await onEach(stage, { argv: race("restarted", fifo, "3") }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, "OK\n"]);
  });
  await onEach(stage, { argv: race("interrupted", fifo) }, ({ stdout }, { kernel, by }) => {
    expect([kernel, by, stdout]).toEqual([kernel, by, "EINTR\n"]);
  });
});

asUsersUnless(NEEDS_TRACER, "a signal every millisecond ends no open that may be restarted", async (box) => {
  const stage = await openStage(box);
  box.write("scratch/own", "own");
  for (const [path, word] of [
    [stage.listed, "listed"],
    [`${stage.scratch}/own`, "own"],
  ] as const) {
    await onEach(stage, { argv: race("signals", path, "500") }, ({ stdout }, { kernel, by }) => {
      expect([kernel, by, stdout]).toEqual([kernel, by, `${word}\n`]);
    });
  }
});

/**
 * A kernel before 5.19 may take an answer of which a caller that was just interrupted never hears: of some ten thousand
 * changes one. Where an interrupted change was done again, more than half of them went wrong.
 */
const UNHEARD_MAX = 20;

asUsersUnless(NEEDS_TRACER, "a change that a signal interrupts is done once", async (box) => {
  const stage = await openStage(box);
  await onEach(stage, { argv: race("twice", stage.scratch, "400") }, ({ stdout }, { kernel, by }) => {
    box.remove("scratch/once");
    const interruptible = OLDER[kernel]?.includes("killable") === true;
    expect([kernel, by, Number(stdout) > (interruptible ? UNHEARD_MAX : 0)]).toEqual([kernel, by, false]);
  });
});
