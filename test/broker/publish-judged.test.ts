/** What must not be published, and the broker that publishes it. */
import { expect } from "bun:test";
import { chmodSync, chownSync, existsSync, lstatSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { expectNaive, naiveArgv, runNaive } from "./naive.ts";
import { brokered, prepare } from "./policies.ts";

/** Links out of the folder of that name. */
const LINKS: Readonly<Record<string, string>> = {
  absolute: "/etc/passwd",
  up: "../../outside/secret",
  late: "none/../../../outside",
};

/** Fills scratch anew with one of each thing that can't be published. Their names. */
function fill(box: Box): string[] {
  for (const name of ["scratch", "export"]) box.remove(name);
  const { secret } = prepare(box);
  box.symlink(secret, "scratch/link");
  for (const [name, target] of Object.entries(LINKS)) {
    box.mkdir(`scratch/${name}`);
    box.symlink(target, `scratch/${name}/link`);
  }
  const nodes = [["mkfifo", `${box.mkdir("scratch/fifo")}/fifo`]];
  if (SUITE_IS_ROOT) nodes.push(["mknod", `${box.mkdir("scratch/device")}/null`, "c", "1", "3"]);
  for (const node of nodes) expect(Bun.spawnSync(node).exitCode).toBe(0);
  return ["link", ...Object.keys(LINKS), "fifo", ...(SUITE_IS_ROOT ? ["device"] : [])];
}

asUsers("a symbolic link, a tree that has one which leads out, a FIFO, a device", async (box) => {
  const names = fill(box);
  const { scratch, out } = prepare(box);
  const attempts = names.map((name): [string, string, string] => ["renameat2", `${scratch}/${name}`, `${out}/${name}`]);
  await expectClaim(box, {
    probe: "tree",
    policy: brokered({ scratch: [scratch], export: [out] }),
    prepare: () => fill(box),
    rows: attempts.map((attempt) => row(attempt, "OK", "EPERM")),
  });
  expect(names.filter((name) => existsSync(`${out}/${name}`))).toEqual([]);
  await expectNaive(
    box,
    "judging",
    "tree",
    attempts.map((attempt) => [attempt, "OK"]),
  );
  expect(lstatSync(`${out}/link`).isSymbolicLink()).toBe(true);
});

asUsers("a set-user-ID program is published without the bit", async (box) => {
  const { scratch, out } = prepare(box);
  const argv = [probePath("tree"), "renameat2", `${scratch}/program`, `${out}/program`];
  for (const [broker, mode] of [
    [() => runNaive(box, "judging", argv), 0o4711],
    [() => run(box, { policy: brokered({ scratch: [scratch], export: [out] }), argv }), 0o711],
  ] as const) {
    box.write("scratch/program", "x", 0o4711);
    expect((await broker()).stdout).toBe("renameat2 OK\n");
    expect(statSync(`${out}/program`).mode & 0o7777).toBe(mode);
  }
});

const SIZE = 8 * 1024 * 1024;

/** Runs a broker step by step, and looks at each step how much of what it publishes can be seen. */
async function watch(box: Box, published: string, bytes: number, broker: readonly string[]): Promise<string> {
  const argv = [probePath("step"), "watch", published, String(bytes), "--", ...broker];
  const { stdout, stderr, status } = await runProcess(box, argv);
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+\n$/)]);
  // The helpers that copy do it at times of their own: each step more is one more look.
  expect(Number(stderr)).toBeGreaterThan(2);
  return stdout;
}

asUsers("at no step of a publication is a part of it to be seen, nor would be if it ended there", async (box) => {
  const { scratch, out } = prepare(box);
  const elsewhere = mkdtempSync("/dev/shm/landlockd-test-");
  box.defer(() => rmSync(elsewhere, { recursive: true, force: true }));
  chmodSync(elsewhere, 0o700);
  chownSync(elsewhere, box.user.uid, box.user.gid);
  const write = (name: string): void => truncateSync(box.write(name, ""), SIZE);
  const rename = (name: string, to: string): string[] => [
    probePath("tree"),
    "renameat2",
    `${scratch}/${name}`,
    `${to}/${name}`,
  ];
  write("scratch/fallen");
  // The control: a copy under the final name.
  const fallen = await watch(box, `${elsewhere}/fallen`, SIZE, naiveArgv(box, "judging", rename("fallen", elsewhere)));
  expect(fallen).toBe("renameat2 OK\nall\nnone\npart\n");
  for (const folder of [out, elsewhere]) {
    for (const name of ["tree/one", "tree/sub/other", "file"]) write(`scratch/${name}`);
    const policy = brokered({ scratch: [scratch], export: [folder] });
    for (const [name, bytes] of [
      ["tree", 2 * SIZE],
      ["file", SIZE],
    ] as const) {
      const broker = runArgv(box, { policy, argv: rename(name, folder) });
      expect(await watch(box, `${folder}/${name}`, bytes, broker)).toBe("renameat2 OK\nall\nnone\n");
    }
  }
});
