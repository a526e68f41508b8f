/** The hook of `.pre-commit-hooks.yaml`, run by the real pre-commit on a real repository. */
import { expect } from "bun:test";
import { copyFileSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUsers, skipped } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";

const PROJECT = resolve(import.meta.dir, "../..");

/** Without even a warning. */
const GOOD = `version = 1

[[fs_layer]]
handled_access_fs = [
  "write_file", "truncate", "make_reg", "make_dir", "make_sym", "make_fifo", "make_sock", "remove_file", "remove_dir",
]
rule = [{ path = "/srv/landlockd-test", allowed_access = ["write_file", "make_reg"], optional = true }]
`;

/** On its third line, a right that Landlock doesn't have. */
const BAD = `version = 1
[[fs_layer]]
handled_access_fs = ["red_file"]
`;

function environment(box: Box): Record<string, string> {
  const { PATH, ...rest } = baseEnv(box);
  return {
    ...rest,
    PATH: `${box.path("bin")}:${PATH}`,
    PRE_COMMIT_HOME: box.path("cache"),
    GIT_CONFIG_COUNT: "2",
    GIT_CONFIG_KEY_0: "user.name",
    GIT_CONFIG_VALUE_0: "Test",
    GIT_CONFIG_KEY_1: "user.email",
    GIT_CONFIG_VALUE_1: "test@localhost",
  };
}

async function sh(box: Box, cwd: string, script: string): Promise<ProcessResult> {
  return await runProcess(box, ["sh", "-ec", script], { cwd, env: environment(box) });
}

/** A repository with the hook, as pre-commit would clone it, and one that uses it with the given files. */
async function lintWithPreCommit(box: Box, files: Readonly<Record<string, string>>): Promise<ProcessResult> {
  box.mkdir("bin");
  symlinkSync(landlockdPath(), box.path("bin/landlockd"));
  const hooks = box.mkdir("hooks");
  copyFileSync(`${PROJECT}/.pre-commit-hooks.yaml`, `${hooks}/.pre-commit-hooks.yaml`);
  const made = await sh(box, hooks, "git init -q . && git add -A && git commit -qm hooks");
  expect(made).toMatchObject({ status: 0, stderr: "" });
  for (const [name, text] of Object.entries(files)) box.write(`repository/${name}`, text);
  return await sh(
    box,
    box.path("repository"),
    `git init -q . && git add -A && pre-commit try-repo --color=never ${hooks} landlockd-lint --all-files`,
  );
}

function preCommitTest(name: string, body: (box: Box) => Promise<void>): void {
  if (Bun.which("pre-commit", { PATH: "/usr/local/bin:/usr/bin:/bin" }) !== null) asUsers(name, body);
  else skipped(name, "pre-commit: not found; apt-get install pre-commit");
}

preCommitTest("good policies pass, and other TOML files aren't looked at", async (box) => {
  const result = await lintWithPreCommit(box, { ".landlockd/ci.toml": GOOD, "Cargo.toml": "version = 'not a policy'" });
  expect(result.stdout).toMatch(/landlockd lint\.+Passed/);
  expect(result.status).toBe(0);
});

preCommitTest("a bad policy fails the hook and is named with its place", async (box) => {
  const result = await lintWithPreCommit(box, { ".landlockd/ci.toml": GOOD, "build.landlockd.toml": BAD });
  expect(result.stdout).toMatch(/landlockd lint\.+Failed/);
  expect(result.stdout).toContain("build.landlockd.toml:3:");
  expect(result.stdout).not.toContain(".landlockd/ci.toml");
  expect(result.status).toBe(1);
});

preCommitTest("with no policy in the repository the hook has nothing to do", async (box) => {
  const result = await lintWithPreCommit(box, { "README.md": "# nothing\n" });
  expect(result.stdout).toMatch(/landlockd lint\.+\(no files to check\)Skipped/);
  expect(result.status).toBe(0);
});
