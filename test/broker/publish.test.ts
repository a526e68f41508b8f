import { expect } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asRoot, asUsers } from "../harness/cases.ts";
import { run, runArgv } from "../harness/landlockd.ts";
import { argvAs, baseEnv } from "../harness/process.ts";
import { until } from "../harness/within.ts";
import { brokeredPrograms, prepare } from "./policies.ts";

/** An export folder on another filesystem than the box: /dev/shm is a tmpfs of its own. */
function elsewhere(box: Box): string {
  const folder = mkdtempSync("/dev/shm/landlockd-test-");
  box.defer(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o777);
  return folder;
}

const visible = (folder: string): string[] => readdirSync(folder).filter((name) => !name.startsWith(".landlockd-"));

asUsers("finished work is published by rename and by link, on the same filesystem and on another", async (box) => {
  const { scratch, out } = prepare(box);
  for (const folder of [out, elsewhere(box)]) {
    const command = [
      `cd ${scratch}; rm -rf *; mkdir -p tree/sub; echo one > tree/sub/file; ln -s sub/file tree/link; chmod 640 tree/sub/file`,
      `mv -T tree ${folder}/tree && echo two > file && ln file ${folder}/linked && mv file ${folder}/moved && echo three > file`,
      `mv file ${folder}/moved && echo four > file; ln file ${folder}/linked 2>/dev/null || ls`,
    ].join("; ");
    const policy = brokeredPrograms({ scratch: [scratch], export: [folder] });
    box.remove("audit.jsonl");
    const result = await run(box, { policy, argv: ["/bin/sh", "-c", command], audit: true });
    expect([result.stderr, result.stdout]).toEqual(["", "file\n"]);
    expect(visible(folder).sort()).toEqual(["linked", "moved", "tree"]);
    expect(readdirSync(folder)).toHaveLength(3);
    expect(readFileSync(`${folder}/tree/link`, "utf8")).toBe("one\n");
    expect(statSync(`${folder}/tree/sub/file`).mode & 0o7777).toBe(0o640);
    expect(statSync(`${folder}/tree/sub/file`).uid).toBe(box.user.uid);
    expect([readFileSync(`${folder}/linked`, "utf8"), readFileSync(`${folder}/moved`, "utf8")]).toEqual([
      "two\n",
      "three\n",
    ]);
    const published = result.events.filter((event) => event["published"] === true);
    expect(published.map(({ event }) => event)).toEqual([
      "broker.rename",
      "broker.link",
      "broker.rename",
      "broker.rename",
    ]);
  }
});

asUsers(
  "export takes nothing else: no creation, no removal, nothing that leads out of what is published",
  async (box) => {
    const { secret, scratch, out } = prepare(box);
    box.write("export/old", "old");
    for (const folder of [out, elsewhere(box)]) {
      const attempts = [
        `echo x > ${folder}/new`,
        `mkdir ${folder}/dir`,
        `rm ${folder}/old`,
        `mv ${folder}/old ${scratch}/old`,
        `cat ${folder}/old`,
        `ln -s ${secret} l; mv l ${folder}/l`,
        `mkdir t; ln -s ../../outside/secret t/up; mv t ${folder}/t`,
        `mkdir u; ln -s x u/x; ln -s y/../../.. u/late; mv u ${folder}/u`,
        `mkdir v; mkfifo v/fifo; mv v ${folder}/v`,
        `mkfifo f; mv -T f ${folder}/f`,
        `mv ${secret} ${folder}/secret`,
      ];
      const command = `cd ${scratch}; rm -rf *; ${attempts.map((each) => `(${each}) 2>/dev/null && echo "did ${each}"`).join("; ")}; ls`;
      const policy = brokeredPrograms({ scratch: [scratch], export: [folder] });
      const result = await run(box, { policy, argv: ["/bin/sh", "-c", command] });
      // What wasn't published is still where it was.
      expect(result.stdout).toBe("f\nl\nt\nu\nv\n");
      expect(visible(folder)).toEqual(folder === out ? ["old"] : []);
    }
  },
);

asUsers("what was published can't be written any more: not by an open fd, a mapping, or another name", async (box) => {
  const { scratch } = prepare(box);
  const program = `
import mmap, os
os.chdir(${JSON.stringify(scratch)})
out = "FOLDER"
fds = {}
def make(name):
    os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
    fds[name] = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(fds[name], b"good")
make("fd"); os.rename("fd", out + "/fd")
make("link"); os.link("link", out + "/link")
make("second"); os.close(fds.pop("second")); os.link("second", "other"); os.rename("second", out + "/second")
make("map"); mapped = mmap.mmap(fds["map"], 4); os.close(fds.pop("map")); os.rename("map", out + "/map")
make("tree/sub/file"); os.rename("tree", out + "/tree")
mapped[0:4] = b"evil"
for fd in fds.values():
    os.pwrite(fd, b"evil, and more", 0)
for name in ("link", "other"):
    with open(name, "w") as file: file.write("evil")
print("done")`;
  for (const folder of [box.mkdir("export"), elsewhere(box)]) {
    const policy = brokeredPrograms({ scratch: [scratch], export: [folder] });
    const argv = ["/usr/bin/python3", "-c", program.replace("FOLDER", folder)];
    const result = await run(box, { policy, argv });
    expect([result.stderr, result.stdout]).toEqual(["", "done\n"]);
    for (const name of ["fd", "link", "second", "map", "tree/sub/file"]) {
      expect([name, readFileSync(`${folder}/${name}`, "utf8")]).toEqual([name, "good"]);
    }
    expect(visible(folder).sort()).toEqual(["fd", "link", "map", "second", "tree"]);
    expect(readdirSync(scratch).sort()).toEqual(["link", "other"]);
    rmSync(scratch, { recursive: true });
    box.mkdir("scratch");
  }
});

asRoot("setuid and setgid bits aren't published, nor devices", async (box) => {
  const { scratch, out } = prepare(box);
  for (const folder of [out, elsewhere(box)]) {
    rmSync(scratch, { recursive: true });
    box.write("scratch/tree/program", "x", 0o6755);
    box.write("scratch/program", "x", 0o4711);
    const device = Bun.spawnSync(["mknod", `${box.mkdir("scratch/devices")}/null`, "c", "1", "3"]);
    expect(device.exitCode).toBe(0);
    const command = `cd ${scratch}; mv tree ${folder}/tree; mv program ${folder}/program; mv devices ${folder}/devices`;
    const policy = brokeredPrograms({ scratch: [scratch], export: [folder] });
    const result = await run(box, { policy, argv: ["/bin/sh", "-c", command] });
    expect(result.stderr).toContain("devices");
    expect(visible(folder).sort()).toEqual(["program", "tree"]);
    expect(statSync(`${folder}/tree/program`).mode & 0o7777).toBe(0o755);
    expect(statSync(`${folder}/program`).mode & 0o7777).toBe(0o711);
  }
});

const SIZE = 64 * 1024 * 1024;

asUsers("a reader of export never sees a part, also when landlockd is killed in the middle", async (box) => {
  const { scratch } = prepare(box);
  const folder = elsewhere(box);
  const command = `cd ${scratch}; head -c ${SIZE} /dev/zero > big; while :; do cp big again && mv -T again ${folder}/big; done`;
  const policy = brokeredPrograms({ scratch: [scratch], export: [folder] });
  // /dev/zero isn't granted by the programs' policy.
  const withZero = policy.replace('path = "/dev/null"', 'path = "/dev/zero"');
  let partial = 0;
  let seen = 0;
  // More rounds where the machine is so busy that none of the first saw a publication.
  for (let round = 0; round < 4 || (seen === 0 && round < 20); round++) {
    const argv = argvAs(box, runArgv(box, { policy: withZero, argv: ["/bin/sh", "-c", command] }));
    const child = Bun.spawn(argv, { env: baseEnv(box), cwd: box.dir, stdout: "ignore", stderr: "ignore" });
    await until(
      "the first staging folder",
      () => readdirSync(folder).some((name) => name.startsWith(".landlockd-")) || undefined,
    );
    for (const end = Date.now() + 150 + round * 37; Date.now() < end; await Bun.sleep(1)) {
      if (!existsSync(`${folder}/big`)) continue;
      seen += 1;
      if (lstatSync(`${folder}/big`).size !== SIZE) partial += 1;
    }
    child.kill("SIGKILL");
    await child.exited;
  }
  expect(partial).toBe(0);
  expect(seen).toBeGreaterThan(0);
  // What the killed runs left is hidden, and the next run that publishes removes it.
  const last = `cd ${scratch}; echo small > small; mv small ${folder}/small`;
  await until("the last helper's end", async () => {
    await run(box, { policy: withZero, argv: ["/bin/sh", "-c", last] });
    return readdirSync(folder).some((name) => name.startsWith(".landlockd-")) ? undefined : true;
  });
  expect(visible(folder).sort()).toEqual(["big", "small"]);
});

asUsers("what was published is on record, and gone from scratch, also if its caller was killed then", async (box) => {
  const { scratch } = prepare(box);
  const folder = elsewhere(box);
  // Its removal takes steps enough to be killed between two of them.
  for (let i = 0; i < 6000; i++) box.write(`scratch/tree/${i % 60}/${i}`, "");
  const program = `
import os, signal, time
os.chdir(${JSON.stringify(scratch)})
child = os.fork()
if child == 0:
    os.rename("tree", ${JSON.stringify(`${folder}/tree`)})
    os._exit(0)
while not os.path.exists(${JSON.stringify(`${folder}/tree`)}):
    pass
os.kill(child, signal.SIGKILL)
print(os.WTERMSIG(os.waitpid(child, 0)[1]))
while os.path.exists("tree"):
    time.sleep(0.01)`;
  const policy = brokeredPrograms({ scratch: [scratch], export: [folder] });
  const result = await run(box, { policy, argv: ["/usr/bin/python3", "-c", program], audit: true });
  expect([result.stderr, result.stdout, result.status]).toEqual(["", "9\n", 0]);
  const published = result.events.filter((event) => event["published"] === true);
  expect(published).toMatchObject([{ event: "broker.rename", decision: "allow", new_path: `${folder}/tree` }]);
  expect([readdirSync(scratch), readdirSync(`${folder}/tree`).length]).toEqual([[], 60]);
});

asUsers("what a killed run had moved into its staging folder stays, and nothing else", async (box) => {
  const { scratch, out } = prepare(box);
  for (const name of ["moved-1/file", "moved-3", "2/file"])
    box.write(`export/.landlockd-0123456789abcdef/${name}`, "x");
  box.write("export/.landlockd-fedcba9876543210/1", "x");
  const policy = brokeredPrograms({ scratch: [scratch], export: [out] });
  const command = `echo small > ${scratch}/small && mv ${scratch}/small ${out}/small`;
  expect(await run(box, { policy, argv: ["/bin/sh", "-c", command] })).toMatchObject({ status: 0, stderr: "" });
  expect(readdirSync(out).sort()).toEqual([".landlockd-0123456789abcdef", "small"]);
  expect(readdirSync(`${out}/.landlockd-0123456789abcdef`).sort()).toEqual(["moved-1", "moved-3"]);
  expect(readFileSync(`${out}/.landlockd-0123456789abcdef/moved-1/file`, "utf8")).toBe("x");
});

asUsers("the folder in which work is staged is nothing to publish into", async (box) => {
  const { scratch, out } = prepare(box);
  const command = [
    `cd ${scratch}; echo one > one; mv one ${out}/one`,
    `staging=$(echo ${out}/.landlockd-*); echo evil > evil; mkdir empty`,
    `ls -d $staging >/dev/null && echo there`,
    `mv evil $staging/1 2>/dev/null || echo refused; mv evil $staging/moved-2 2>/dev/null || echo refused`,
    `mv -T empty $staging 2>/dev/null || echo refused; mv empty ${out}/.landlockd-0123456789abcdef 2>/dev/null || echo refused`,
    `echo two > two; mv two ${out}/two; ls`,
  ].join("; ");
  const grants = [{ path: out, rights: ["read_dir"] }];
  const policy = brokeredPrograms({ scratch: [scratch], export: [out] }, grants);
  const result = await run(box, { policy, argv: ["/bin/sh", "-c", command] });
  expect([result.stderr, result.stdout]).toEqual(["", "there\nrefused\nrefused\nrefused\nrefused\nempty\nevil\n"]);
  expect(readdirSync(out).sort()).toEqual(["one", "two"]);
});
