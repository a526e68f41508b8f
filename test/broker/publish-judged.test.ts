/** What must not be published, and the broker that publishes it. */
import { expect } from "bun:test";
import { chmodSync, chownSync, existsSync, lstatSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { probePath } from "../harness/probe.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { SUITE_IS_ROOT } from "../harness/user.ts";
import { expectNaive, naiveArgv, runNaive } from "./naive.ts";
import { brokered, prepare } from "./policies.ts";

/** Fills scratch with one of each thing that a reader of export must not find there. Their names. */
function fill(box: Box): string[] {
  const { secret } = prepare(box);
  for (const name of ["scratch", "export"]) box.remove(name);
  prepare(box);
  box.symlink(secret, "scratch/link");
  box.symlink(secret, `scratch/${box.mkdir("scratch/absolute") && "absolute"}/link`);
  box.symlink("../../outside/secret", `scratch/${box.mkdir("scratch/up") && "up"}/link`);
  box.symlink("none/../../../outside", `scratch/${box.mkdir("scratch/late") && "late"}/link`);
  const nodes = [["mkfifo", `${box.mkdir("scratch/fifo")}/fifo`]];
  if (SUITE_IS_ROOT) nodes.push(["mknod", `${box.mkdir("scratch/device")}/null`, "c", "1", "3"]);
  for (const node of nodes) expect(Bun.spawnSync(node).exitCode).toBe(0);
  return ["link", "absolute", "up", "late", "fifo", ...(SUITE_IS_ROOT ? ["device"] : [])];
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

const SIZE = 64 * 1024 * 1024;

asUsers("who copies under the final name leaves a part of a file when it is killed", async (box) => {
  const { scratch } = prepare(box);
  const folder = mkdtempSync("/dev/shm/landlockd-test-");
  box.defer(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o700);
  chownSync(folder, box.user.uid, box.user.gid);
  truncateSync(box.write("scratch/big", ""), SIZE);
  const argv = [probePath("tree"), "renameat2", `${scratch}/big`, `${folder}/big`];
  let size = SIZE;
  for (let round = 0; round < 20 && size === SIZE; round++) {
    rmSync(`${folder}/big`, { force: true });
    const options = { env: baseEnv(box), cwd: box.dir, stdout: "ignore", stderr: "ignore" } as const;
    const child = Bun.spawn(argvAs(box, naiveArgv(box, "judging", argv)), options);
    while (child.exitCode === null && !existsSync(`${folder}/big`)) await Bun.sleep(0);
    child.kill("SIGKILL");
    await child.exited;
    if (!existsSync(`${scratch}/big`)) truncateSync(box.write("scratch/big", ""), SIZE);
    size = existsSync(`${folder}/big`) ? statSync(`${folder}/big`).size : SIZE;
  }
  expect(size).toBeLessThan(SIZE);
});
