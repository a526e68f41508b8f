import { expect } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, probeArgv, row } from "../harness/claim.ts";
import { type RunResult, run } from "../harness/landlockd.ts";
import { RUNNABLE } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { expectNaive } from "./naive.ts";
import { brokered, prepare } from "./policies.ts";

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

asUsers(
  "a caller that changed its root or its mounts gets nothing by names that mean other files there",
  async (box) => {
    const { listed, secret } = prepare(box);
    // In the new root, the path of the listed file is another's.
    box.write(`root${listed}`, "secret");
    const attempts: [string, ...string[]][] = [
      ["own_root", box.path("root"), listed],
      ["own_mounts", listed],
      ["own_mount", secret, listed],
    ];
    const policy = brokered({ allow_read: [listed] }, [], ["namespaces", "mounts"]);
    const inside = ["EACCES", "EACCES", "EPERM"];
    await expectClaim(box, {
      probe: "paths",
      policy,
      rows: [
        row(["at_page_end", listed], "OK", "OK"),
        ...attempts.map((attempt, index) => row(attempt, "OK", inside[index] ?? "")),
      ],
    });
    // By the caller's names among the caller's files, and by the caller's names among the broker's.
    for (const lack of ["object", "callers-root"] as const) {
      const all = attempts.map((attempt) => [attempt, "OK"] as const);
      await expectNaive(box, lack, "paths", all);
    }
    await expectNaive(
      box,
      "nothing",
      "paths",
      attempts.map((attempt) => [attempt, "EACCES"]),
    );
  },
);
