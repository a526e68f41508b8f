import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { landlockd, landlockdPath } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";

/** One clear line, and perhaps a hint below it. */
const ONE_LINE = /^landlockd: [^\n]+\n( {2}[^\n]+\n)?$/;

asUsers("a command line that can't be served: 125, one line, and nothing runs", async (box) => {
  const policy = box.write("policy.toml", VERSION_ONLY);
  const touch = ["/usr/bin/touch", box.path("inside/touched")];
  const wrong: readonly (readonly string[])[] = [
    ["run"],
    ["run", "--policy-file", policy],
    ["run", "--policy-file", policy, "--"],
    ["run", "--policy-file", policy, ...touch],
    ["run", "--", ...touch],
    ["run", "--policy-file", "--", ...touch],
    ["run", "--policy-file", policy, "--no-such-flag", "--", ...touch],
    ["run", "--policy-file", policy, "--policy", "ci-default", "--", ...touch],
    ["run", "--policy-file", policy, "--policy-file", policy, "--", ...touch],
    ["run", "--policy", "no-such-policy", "--", ...touch],
    ["run", "--policy", "../policy.toml", "--", ...touch],
    ["run", "--policy", "", "--", ...touch],
    ["run", "--policy-file", policy, "--set", "NOVALUE", "--", ...touch],
    ["run", "--policy-file", policy, "--set", "=x", "--", ...touch],
    ["run", "--policy-file", policy, "--audit", "fd:99", "--", ...touch],
    ["run", "--policy-file", policy, "--audit", "fd:x", "--", ...touch],
    ["run", "--policy-file", policy, "--audit", "/proc/nonexistent/audit", "--", ...touch],
    ["run", "--policy-file", policy, "--audit", box.dir, "--", ...touch],
    ["run", "--policy-file", policy, "--audit", "", "--", ...touch],
    ["run", "--policy-file", policy, "--dry-run=maybe", "--", ...touch],
  ];
  for (const argv of wrong) {
    const result = await landlockd(box, argv);
    expect([argv, result.status, result.stdout]).toEqual([argv, 125, ""]);
    expect(result.stderr).toMatch(ONE_LINE);
    expect(await Bun.file(box.path("inside/touched")).exists()).toBe(false);
  }
});

asUsers("a flag after -- belongs to the command", async (box) => {
  const policy = box.write("policy.toml", VERSION_ONLY);
  const result = await landlockd(box, ["run", "--policy-file", policy, "--", "/bin/echo", "--dry-run", "--", "--help"]);
  expect(result).toMatchObject({ status: 0, stdout: "--dry-run -- --help\n", stderr: "" });
});

asUsers("a relative command is looked for in the folder of the call, a bare one on PATH", async (box) => {
  const policy = box.write("policy.toml", VERSION_ONLY);
  box.write("bin/greet", "#!/bin/sh\necho hello\n", 0o755);
  const run = ["run", "--policy-file", policy, "--"];
  expect((await landlockd(box, [...run, "bin/greet"])).stdout).toBe("hello\n");
  const env = { PATH: `${box.path("absent")}:${box.path("bin")}:/bin` };
  expect((await landlockd(box, [...run, "greet"], { env })).stdout).toBe("hello\n");
});

asUsers("a stdout that is closed or full is landlockd's failure only where landlockd writes to it", async (box) => {
  const policy = box.write("policy.toml", VERSION_ONLY);
  const script = (redirect: string, ...argv: string[]): string[] => [
    "/bin/sh",
    "-c",
    `exec "$@" ${redirect}`,
    "sh",
    landlockdPath(),
    ...argv,
  ];
  for (const redirect of [">&-", ">/dev/full"]) {
    const run = await runProcess(box, script(redirect, "run", "--policy-file", policy, "--", "/bin/true"));
    expect(run).toMatchObject({ status: 0, stderr: "" });
    const help = await runProcess(box, script(redirect, "--help"));
    expect(help.status).not.toBe(0);
    expect(help.stderr).toMatch(ONE_LINE);
  }
});

asUsers("--version and --help are for stdout, and status 0", async (box) => {
  const version = await landlockd(box, ["--version"]);
  expect(version).toMatchObject({ status: 0, stderr: "" });
  expect(version.stdout).toMatch(/^landlockd \d+\.\d+\.\d+\S*\n$/);
  for (const argv of [["--help"], ["run", "--help"], ["lint", "--help"], ["doctor", "--help"], ["schema", "--help"]]) {
    const help = await landlockd(box, argv);
    expect([argv, help.status, help.stderr]).toEqual([argv, 0, ""]);
    expect(help.stdout).toContain("Usage: landlockd");
  }
});
