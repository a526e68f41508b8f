import { expect } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { RUNNABLE } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { brokered } from "./policies.ts";

/** A root with the probe, a listed file, and a file of the same name on the host. */
function prepareRoot(box: Box): { readonly root: string; readonly policy: string } {
  const root = box.mkdir("root");
  box.mkdir("root/bin");
  copyFileSync(probePath("fs"), box.path("root/bin/fs"));
  box.write("root/etc/listed", "inside");
  box.write("root/etc/secret", "secret");
  box.mkdir("root/work");
  box.symlink("/work", "root/etc/link");
  box.symlink("/etc/secret", "root/work/out");
  const lists = { allow_read: [`${root}/etc/listed`], scratch: [`${root}/work`] };
  const policy = brokered(lists, [{ path: `${root}/bin/fs`, rights: RUNNABLE }]);
  return { root, policy };
}

const outcomes = (result: RunResult): string[] => result.stdout.trim().split("\n");

asUsers("in a root of its own, a run gets what its lists name there, by the paths inside", async (box) => {
  const { root, policy } = prepareRoot(box);
  const attempts = [
    ["read_openat", "/etc/listed"],
    ["read_openat", "/../etc/listed"],
    ["read_openat", "/etc/secret"],
    ["read_openat", `${root}/etc/listed`],
    ["write_creat", "/work/new"],
    ["write_creat", "/etc/link/through"],
    ["read_openat", "/work/out"],
    ["read_after_chdir", "/work", "new"],
    ["read_after_chdir", "/work", "../etc/secret"],
    ["read_after_chdir", "/etc", "listed"],
  ];
  const [, ...argv] = probeArgv("fs", attempts);
  const result = await run(box, {
    policy: `${policy}[runtime]\nroot = ${JSON.stringify(root)}\n`,
    argv: ["/bin/fs", ...argv],
  });
  expect(result.stderr).toBe("");
  expect(outcomes(result).map((line) => line.split(" ")[1])).toEqual([
    "OK",
    "OK",
    "EACCES",
    "ENOENT",
    "OK",
    "OK",
    "EACCES",
    "OK",
    "EACCES",
    "OK",
  ]);
  expect(existsSync(`${root}/work/through`)).toBe(true);
});

asUnprivileged("a caller that changed its root gets nothing by names that mean other files there", async (box) => {
  const { root } = prepareRoot(box);
  const listed = box.write("etc/listed", "host");
  // The host path of the listed file is /BOX/etc/listed; in the new root that path is another file.
  box.write(`root${listed}`, "other");
  const grants = ["/usr", "/bin", "/lib", "/lib64"].map((path) => ({
    path,
    rights: ["execute", "read_file"],
    optional: true,
  }));
  const policy = brokered({ allow_read: [listed] }, [...grants, { path: `${root}/bin/fs`, rights: RUNNABLE }]);
  const opened = `${policy}[seccomp]\nallow = ["namespaces", "mounts"]\n`;
  const bare = await run(box, { policy: opened, argv: [probePath("fs"), "read_openat", listed] });
  expect(bare.stdout).toBe("read_openat OK\n");
  const argv = ["unshare", "-U", "-R", root, "/bin/fs", "read_openat", listed];
  const result = await run(box, { policy: opened, argv });
  expect([result.stdout, result.stderr]).toEqual(["read_openat EACCES\n", ""]);
});
