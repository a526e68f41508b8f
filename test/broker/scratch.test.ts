import { expect } from "bun:test";
import { chmodSync, chownSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { FS_RIGHTS } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { brokered, brokeredPrograms, prepare } from "./policies.ts";

/** A UNIX socket that is bound, the box's user's. */
function bindIn(box: Box, folder: string, name: string, mode: number): void {
  const path = `${folder}/${name}`;
  const server = Bun.listen({ unix: path, socket: { data: () => undefined } });
  box.defer(() => server.stop(true));
  chownSync(path, box.user.uid, box.user.gid);
  chmodSync(path, mode);
}

asUsers("every call beneath scratch comes to what it comes to in a folder that Landlock grants", async (box) => {
  const { scratch } = prepare(box);
  const granted = box.mkdir("granted");
  const grant = { path: granted, rights: FS_RIGHTS };
  const proc = { path: "/proc", rights: ["read_file"] };
  const probe = probePath("folder");
  for (const folder of [scratch, granted]) {
    bindIn(box, folder, "bound", 0o666);
    bindIn(box, folder, "closed", 0);
  }
  const native = await run(box, {
    policy: brokered({ allow_read: [box.path("outside/listed")] }, [grant, proc]),
    argv: [probe, granted],
  });
  const served = await run(box, { policy: brokered({ scratch: [scratch] }, [proc]), argv: [probe, scratch] });
  expect(native.stdout.split("\n").length).toBeGreaterThan(80);
  expect(served.stdout).toBe(native.stdout);
  expect(served.status).toBe(0);
});

asUsers("nothing of scratch reaches beyond it", async (box) => {
  const { secret, scratch } = prepare(box);
  box.symlink(secret, "scratch/link");
  box.symlink(box.path("outside"), "scratch/folder");
  await expectClaim(box, {
    probe: "fs",
    policy: brokered({ scratch: [scratch] }),
    prepare: () => {
      box.write("scratch/own", "own");
      box.write("outside/secret", "secret");
      box.remove("outside/new");
    },
    rows: [
      row(["read_openat", `${scratch}/own`], "OK", "OK"),
      row(["read_openat", secret], "OK", "EACCES"),
      row(["read_openat", `${scratch}/link`], "OK", "EACCES"),
      row(["read_openat", `${scratch}/folder/secret`], "OK", "EACCES"),
      row(["read_openat", `${scratch}/../outside/secret`], "OK", "EACCES"),
      row(["write_openat", `${scratch}/link`], "OK", "EACCES"),
      row(["write_creat", `${scratch}/folder/new`], "OK", "EACCES"),
      row(["truncate", `${scratch}/link`], "OK", "EACCES"),
      row(["read_openat", `/proc/self/root${secret}`], "OK", "EACCES"),
    ],
  });
});

asUsers("a link never brings into scratch what isn't there already", async (box) => {
  const { secret, scratch } = prepare(box);
  const command = [
    `ln ${secret} ${scratch}/hard 2>/dev/null && echo linked`,
    `cd ${scratch}; ln -s ${secret} s; ln -L s hard2 2>/dev/null && echo followed`,
    `mv ${secret} ${scratch}/moved 2>/dev/null; [ -e ${secret} ] && echo there`,
    "ls",
  ].join("; ");
  const result = await run(box, { policy: brokeredPrograms({ scratch: [scratch] }), argv: ["/bin/sh", "-c", command] });
  expect(result.stdout).toBe("there\ns\n");
});

asUsers("a FIFO holds up only who opens it, and a killed opener leaves nothing behind", async (box) => {
  const { scratch } = prepare(box);
  const command = [
    `cd ${scratch}; mkfifo p q`,
    "cat q & blocked=$!",
    "(sleep 0.3; echo through > p) & cat p",
    "echo x > file; cat file",
    "kill -9 $blocked; wait $blocked; echo killed $?",
    'trap "echo caught" ALRM; (sleep 0.2; kill -ALRM $$) & (exec cat q) & victim=$!; sleep 0.5; kill $victim; wait $victim; echo $?',
  ].join("\n");
  const result = await run(box, {
    policy: brokeredPrograms({ scratch: [scratch] }),
    argv: ["/bin/bash", "-c", command],
  });
  expect(result.stdout, result.stderr).toContain("through\nx\nkilled 137\n");
  expect(result.status).toBe(0);
});

asUsers("whoever waits in an open can be stopped, and goes on waiting", async (box) => {
  const { scratch } = prepare(box);
  const command = [
    `cd ${scratch}; mkfifo p`,
    "cat p & waits=$!; sleep 0.3",
    "kill -STOP $waits; sleep 0.5; cut -d ' ' -f 3 /proc/$waits/stat",
    "kill -CONT $waits; sleep 0.3; echo through > p; wait $waits; echo $?",
  ].join("\n");
  const result = await run(box, {
    policy: brokeredPrograms({ scratch: [scratch] }),
    argv: ["/bin/bash", "-c", command],
  });
  expect(result.stdout, result.stderr).toBe("T\nthrough\n0\n");
});

asUsers("what outlives the workload is served a while, and then ended", async (box) => {
  const { scratch } = prepare(box);
  const command = `cd ${scratch}; (sleep 0.1; echo late > late; sleep 60; echo never > never) >/dev/null 2>&1 & :`;
  await run(box, { policy: brokeredPrograms({ scratch: [scratch] }), argv: ["/bin/sh", "-c", command] });
  expect(await Bun.file(`${scratch}/late`).text()).toBe("late\n");
  expect(await Bun.file(`${scratch}/never`).exists()).toBe(false);
});
