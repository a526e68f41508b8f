import { expect } from "bun:test";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { runProcess } from "../harness/process.ts";
import { brokered, NAMES, prepare } from "./policies.ts";

/** Waits in the sandbox for the listed name to be another file, then reads it. */
function script(box: { path(name: string): string }): string {
  return `while [ ! -e ${box.path("go")} ]; do :; done; read x < ${box.path("outside/listed")}; echo "got $x"`;
}

asUsers("what takes a listed file's name isn't the listed file: symbolic link, hard link, rename", async (box) => {
  for (const how of ["symlink", "link", "rename"] as const) {
    const { listed, secret } = prepare(box);
    box.remove("outside/listed");
    box.write("outside/listed", "listed");
    const other = box.write("outside/other", "secret");
    const grants = [
      { path: box.path("outside"), rights: NAMES },
      { path: "/bin", rights: ["execute", "read_file"] },
      { path: "/usr", rights: ["execute", "read_file"] },
      { path: "/lib", rights: ["execute", "read_file"], optional: true },
      { path: "/lib64", rights: ["execute", "read_file"], optional: true },
    ];
    const replace = {
      symlink: `ln -sf ${secret} ${listed}`,
      link: `ln -f ${other} ${listed}`,
      rename: `mv -f ${other} ${listed}`,
    };
    const command = `${replace[how]}; read x < ${listed}; echo "got $x"`;
    const bare = await runProcess(box, ["/bin/sh", "-c", command]);
    expect(bare.stdout).toBe("got secret\n");
    box.remove("outside/listed");
    box.write("outside/listed", "listed");
    box.write("outside/other", "secret");
    const held = await run(box, {
      policy: brokered({ allow_read: [listed] }, grants),
      argv: ["/bin/sh", "-c", command],
    });
    expect([how, held.stdout, held.stderr.includes("ermission denied")]).toEqual([how, "got \n", true]);
  }
});

asUsers("what is put from outside on a listed name meanwhile isn't served either", async (box) => {
  const { listed, secret } = prepare(box);
  const grants = ["/bin", "/usr", "/lib", "/lib64"].map((path) => ({
    path,
    rights: ["execute", "read_file"],
    optional: true,
  }));
  const running = run(box, {
    policy: brokered({ allow_read: [listed] }, grants),
    argv: ["/bin/sh", "-c", script(box)],
  });
  await Bun.sleep(300);
  rmSync(listed);
  symlinkSync(secret, listed);
  writeFileSync(box.path("go.new"), "");
  renameSync(box.path("go.new"), box.path("go"));
  expect((await running).stdout).toBe("got \n");
});
