/** The starters on kernels whose Landlock has less: what they are for works, and what they must refuse is refused. */
import { expect } from "bun:test";
import { existsSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { older } from "../harness/older.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";
import { startServer } from "../harness/server.ts";

/** ABI and the rights that ci-default can't have held there. */
const ABIS: readonly (readonly [number, readonly string[]])[] = [
  [1, ["truncate", "ioctl_dev"]],
  [2, ["truncate", "ioctl_dev"]],
  [3, ["ioctl_dev"]],
  [4, ["ioctl_dev"]],
  [5, []],
  [6, []],
];

function on(abi: number, box: Box, policy: string, script: string): Promise<ProcessResult> {
  const argv = [landlockdPath(), "run", "--policy", policy, "--", "/bin/bash", "-c", script];
  const env = { ...baseEnv(box), TMPDIR: box.path("tmp") };
  return runProcess(box, [...older([`abi=${abi}`]), ...argv], { cwd: box.path("inside"), env });
}

for (const [abi, lacking] of ABIS) {
  for (const policy of ["ci-default", "hermetic-build"]) {
    asUsers(`${policy} works and holds with Landlock ABI ${abi}`, async (box) => {
      box.mkdir("tmp");
      const outside = box.write("outside/file", "kept");
      const script = `
        echo one > a && mv a b && cp b c && : > c && rm c && mkdir -p d && test -r /usr/bin/env && echo works
        cat ${outside} && echo read
        echo x >> ${outside} && echo appended
        truncate -s 0 ${outside} && echo emptied
        perl -e 'truncate("${outside}", 0) and print "emptied\\n"'
        perl -e 'use Fcntl; sysopen(F, "${outside}", O_RDONLY | O_TRUNC) and print "emptied\\n"'
        exec 3<>/dev/tcp/127.0.0.1/${startServer(box, "127.0.0.1")} && echo connected
        true`;
      for (let turn = 0; turn < 2; turn++) {
        const result = await on(abi, box, policy, script);
        expect([result.status, result.stdout]).toEqual([0, "works\n"]);
        const said = result.stderr.split("\n").filter((line) => line.startsWith("landlockd:"));
        expect(said).toHaveLength(lacking.length === 0 ? 0 : 1);
        if (lacking.length > 0) expect(said[0]).toContain(`not held are ${lacking.join(", ")}, which the policy`);
      }
      expect(await Bun.file(outside).text()).toBe("kept");
      expect(existsSync(box.path("inside/b"))).toBe(true);
    });
  }
}

asUsers("what may only be read isn't emptied where the kernel's Landlock lacks truncate", async (box) => {
  const file = box.write("file", "kept");
  const policy = `version = 1
without = ["truncate"]
[[fs_layer]]
handled_access_fs = ["write_file", "truncate"]
rule = [{ path = "${box.path("inside")}", allowed_access = ["write_file", "truncate"] }]
`;
  const run = (abi: readonly string[], script: string): Promise<ProcessResult> => {
    const argv = [
      landlockdPath(),
      "run",
      "--policy-file",
      box.write("policy.toml", policy),
      "--",
      "/usr/bin/perl",
      "-e",
    ];
    return runProcess(box, [...abi, ...argv, script], { env: baseEnv(box) });
  };
  const readOnly = `use Fcntl; sysopen(F, "${file}", O_RDONLY | O_TRUNC) or exit($! + 0)`;
  // The control: nothing else keeps this user from it.
  const control = await runProcess(box, ["/usr/bin/perl", "-e", readOnly], { env: baseEnv(box) });
  expect([control.status, await Bun.file(file).text()]).toEqual([0, ""]);
  box.write("file", "kept");
  for (const script of [readOnly, `truncate("${file}", 0) or exit($! + 0)`]) {
    const result = await run(older(["abi=2"]), script);
    expect([result.status, await Bun.file(file).text()]).toEqual([13, "kept"]);
    expect((await run([], script)).status).toBe(13);
  }
});
