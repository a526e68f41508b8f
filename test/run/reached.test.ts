/** What decides the next run, in the reach of this one: told on stderr, cold and warm; and policies in built-in names. */
import { expect } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { startDaemon } from "../harness/daemon.ts";
import { landlockd, landlockdPath } from "../harness/landlockd.ts";
import { systemAndInside } from "../harness/policies.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";

const AFTER = ": keep it where no run can change it\n";
const COLD = { LANDLOCKD_NO_FAST_PATH: "1" };

function run(
  box: Box,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = box.path("inside"),
): Promise<ProcessResult> {
  return landlockd(box, ["run", ...flags, "--", "/bin/echo", "ran"], { cwd, env: { ...baseEnv(box), ...env } });
}

asUsers("a policy that its own run may write is told of, however the run starts", async (box) => {
  const inside = box.write("inside/policy.toml", systemAndInside(box));
  const away = box.write("policy.toml", systemAndInside(box));
  const { socket } = await startDaemon(box);
  const line = `landlockd: warning: this run may write its policy "${inside}"${AFTER}`;
  for (const [flags, env] of [
    [[], COLD],
    [[], {}],
    [[], {}],
    [["--audit", "/dev/null"], COLD],
    [["--audit", "/dev/null"], {}],
    [["--socket", socket], COLD],
    [["--socket", socket], {}],
    [["--socket", socket], {}],
  ] as const) {
    // The same text elsewhere has the same plan: and nothing to tell.
    expect(await run(box, ["--policy-file", away, ...flags], env)).toMatchObject({ stdout: "ran\n", stderr: "" });
    for (const name of [inside, "policy.toml"]) {
      expect(await run(box, ["--policy-file", name, ...flags], env)).toMatchObject({ stdout: "ran\n", stderr: line });
    }
  }
});

asUsers("so are its record, its plan, and landlockd itself", async (box) => {
  const policy = box.write("policy.toml", systemAndInside(box));
  const record = box.path("inside/audit.jsonl");
  const told = `landlockd: warning: this run may write its record "${record}"${AFTER}`;
  for (const env of [COLD, {}, {}]) {
    for (const sink of [record, "audit.jsonl"]) {
      const result = await run(box, ["--policy-file", policy, "--audit", sink], env);
      expect(result).toMatchObject({ stdout: "ran\n", stderr: told });
    }
  }
  const plan = box.path("inside/plan");
  await landlockd(box, ["compile", "--policy-file", policy, "-o", plan]);
  for (const env of [COLD, {}]) {
    const result = await run(box, ["--plan", plan], env);
    expect(result.stderr).toBe(`landlockd: warning: this run may write its plan "${plan}"${AFTER}`);
  }
  mkdirSync(box.path("inside/bin"));
  const own = box.path("inside/bin/landlockd");
  copyFileSync(landlockdPath(), own);
  for (const env of [COLD, {}, {}]) {
    const argv = [own, "run", "--policy-file", policy, "--", "/bin/echo", "ran"];
    const result = await runProcess(box, argv, { env: { ...baseEnv(box), ...env } });
    expect(result.stderr).toBe(`landlockd: warning: this run may write landlockd itself "${own}"${AFTER}`);
    expect(result.stdout).toBe("ran\n");
  }
});

asUsers("a closed stderr that is warned on ends no run", async (box) => {
  const policy = box.write("inside/policy.toml", systemAndInside(box));
  for (const env of [COLD, {}, {}]) {
    const command = [landlockdPath(), "run", "--policy-file", policy, "--", "/bin/echo", "ran"];
    // Stderr is a pipe whose reader is gone.
    const script = 'exec 3>&1; { "$@" 2>&1 >&3; echo status $? >&3; } | exec true';
    const result = await runProcess(box, ["/bin/bash", "-c", script, "bash", ...command], {
      env: { ...baseEnv(box), ...env },
    });
    expect(result.stdout).toContain("status 0\n");
    expect(result.stdout).toContain("ran\n");
  }
});

const LIKE_BUILT_IN = (box: Box): string => systemAndInside(box);

asUsers("a file with a built-in policy's name is told of", async (box) => {
  const file = box.write(".config/landlockd/policies/ci-default.toml", LIKE_BUILT_IN(box));
  const line = `landlockd: the policy of this run is "${file}", which has the name of a built-in one\n`;
  const TMPDIR = box.mkdir("tmp");
  for (const env of [{ ...COLD, TMPDIR }, { TMPDIR }, { TMPDIR }]) {
    expect(await run(box, ["--policy", "ci-default"], env)).toMatchObject({ stdout: "ran\n", stderr: line });
  }
  // Another name is nothing to tell of, and neither is the built-in one.
  box.write(".config/landlockd/policies/mine.toml", LIKE_BUILT_IN(box));
  for (const env of [{ ...COLD, TMPDIR }, { TMPDIR }, { TMPDIR }]) {
    expect(await run(box, ["--policy", "mine"], env)).toMatchObject({ stdout: "ran\n", stderr: "" });
    expect(await run(box, ["--policy", "hermetic-build"], env)).toMatchObject({ stdout: "ran\n", stderr: "" });
  }
});

asUsers("one that a run of the named policy could have put there isn't taken", async (box) => {
  const home = box.mkdir("inside/home");
  const file = box.path("inside/home/.config/landlockd/policies/ci-default.toml");
  const env = { HOME: home, TMPDIR: box.mkdir("tmp") };
  const plant = `mkdir -p .config/landlockd/policies && echo 'version = 1' > ${file}`;
  const first = await landlockd(box, ["run", "--policy", "ci-default", "--", "/bin/sh", "-c", plant], {
    cwd: home,
    env: { ...baseEnv(box), ...env },
  });
  expect(first).toMatchObject({ status: 0, stderr: "" });
  // Wherever it is started: that one lets its run write anywhere.
  for (const cwd of [home, box.path("outside")]) {
    for (const way of [COLD, {}, {}]) {
      const result = await run(box, ["--policy", "ci-default"], { ...env, ...way }, cwd);
      expect(result).toMatchObject({ status: 125, stdout: "" });
      expect(result.stderr).toStartWith(`landlockd: "${file}" has the name of a built-in policy`);
    }
  }
  // By its path it is what its user says that it is.
  expect(await run(box, ["--policy-file", file], env)).toMatchObject({ status: 0, stdout: "ran\n" });
});
