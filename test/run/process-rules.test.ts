/** A rule on what /proc shows of one process is refused, however the run starts. */
import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { landlockd } from "../harness/landlockd.ts";
import { systemAndInside } from "../harness/policies.ts";
import { baseEnv } from "../harness/process.ts";

asUsers("a rule on one process is an error in every mode", async (box) => {
  const { socket } = await startDaemon(box);
  const broker = `[broker]\nscratch = ["${box.mkdir("scratch")}"]\n`;
  for (const path of ["/proc/self", "/proc/thread-self/status", "/proc/1", "/proc/net", "/proc/mounts", "/proc"]) {
    const text = systemAndInside(box, [{ path, rights: ["read_file"], optional: true }]);
    for (const table of ["", broker]) {
      const policy = box.write("policy.toml", text + table);
      for (const flags of [[], ["--audit", "/dev/null"], ["--socket", socket]]) {
        for (const env of [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}]) {
          const argv = ["run", "--policy-file", policy, ...flags, "--", "/bin/echo", "ran"];
          const result = await landlockd(box, argv, { env: { ...baseEnv(box), ...env } });
          // Positive control: /proc as a whole.
          if (path === "/proc") expect(result).toMatchObject({ status: 0, stdout: "ran\n", stderr: "" });
          else {
            expect(result).toMatchObject({ status: 125, stdout: "" });
            expect(result.stderr).toContain("of one process");
          }
        }
      }
    }
  }
  const lint = await landlockd(box, [
    "lint",
    box.write("lint.toml", systemAndInside(box, [{ path: "/proc/self", rights: ["read_file"] }])),
  ]);
  expect(lint.status).toBe(1);
  expect(lint.stdout).toContain('"/proc/self" is of one process');
});

asUsers("a rule on an inherited file is none", async (box) => {
  const policy = box.write(
    "policy.toml",
    systemAndInside(box, [{ path: "/dev/stdin", rights: ["read_file"], optional: true }]),
  );
  const argv = ["run", "--policy-file", policy, "--", "/bin/echo", "ran"];
  expect(await landlockd(box, argv)).toMatchObject({ status: 0, stdout: "ran\n", stderr: "" });
});
