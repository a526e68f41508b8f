/** What is mounted stays where it is, whatever folders above it a run may rename. */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers, asUsersUnless } from "../harness/cases.ts";
import { landlockd } from "../harness/landlockd.ts";
import { FS_RIGHTS, layer, systemAndInside, VERSION_ONLY } from "../harness/policies.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";
import { obstacle, prepareRoot } from "./prepared.ts";

const WAYS: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
  [[], { LANDLOCKD_NO_FAST_PATH: "1" }],
  [[], {}],
  [["--audit", "/dev/null"], {}],
];

/** Runs it in each way, and looks at what came of it before the next. */
async function eachWay(
  box: Box,
  policy: string,
  argv: readonly string[],
  check: (result: ProcessResult) => void,
): Promise<void> {
  for (const [flags, env] of WAYS) {
    const command = ["run", "--policy-file", policy, ...flags, "--", ...argv];
    const options = { cwd: box.path("inside"), env: { ...baseEnv(box), LC_ALL: "C", ...env } };
    check(await landlockd(box, command, options));
  }
}

const isBusy = (result: ProcessResult): void => expect(result.stderr).toContain("Device or resource busy");
const shell = (script: string): string[] => ["/bin/sh", "-c", script];

asUsers("a read-only bind in a folder that may be written isn't carried away with its folders", async (box) => {
  const hooks = box.mkdir("inside/repo/.git/hooks");
  box.write("inside/repo/.git/config", "old\n");
  const script = "cd repo && mv .git g && mkdir .git && cp -r g/. .git/ && echo evil > .git/hooks/pre-commit";
  // Positive control: in a sandbox without the mount, it is planted.
  const plain = box.write("plain.toml", systemAndInside(box));
  await eachWay(box, plain, shell(script), (result) => {
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(`${hooks}/pre-commit`, "utf8")).toBe("evil\n");
    box.remove("inside/repo/g");
    box.remove("inside/repo/.git/hooks/pre-commit");
  });
  const bind = `[mount]\nbind = [{ source = "${hooks}", target = "${hooks}" }]\n`;
  const policy = box.write("policy.toml", systemAndInside(box) + bind);
  await eachWay(box, policy, shell(script), (result) => {
    isBusy(result);
    expect(existsSync(`${hooks}/pre-commit`)).toBe(false);
  });
  await eachWay(box, policy, ["/bin/mv", "repo", "moved"], isBusy);
  // What else there is may be changed and renamed as before, in the held folders too.
  const use = "echo new > .git/lock && mv .git/lock .git/config && mkdir a && mv a b && rmdir b && cat .git/config";
  await eachWay(box, policy, shell(`cd repo && ${use}`), (result) => {
    expect(result).toMatchObject({ status: 0, stdout: "new\n", stderr: "" });
  });
});

asUsers("nor is a tmpfs, also beneath a bind", async (box) => {
  box.mkdir("inside/a/tmp");
  box.mkdir("view");
  const script = (at: string): string[] =>
    shell(`cd ${at} && mv a gone; mkdir -p a/tmp; echo x > a/tmp/file; rm -rf gone`);
  const tables = [
    [box.path("inside"), `[mount]\ntmpfs = ["${box.path("inside/a/tmp")}"]\n`],
    [
      box.path("view"),
      `[mount]\ntmpfs = ["${box.path("view/a/tmp")}"]\n` +
        `bind = [{ source = "${box.path("inside")}", target = "${box.path("view")}", read_only = false }]\n`,
    ],
  ] as const;
  // Positive control.
  expect((await runProcess(box, script(box.path("inside")))).status).toBe(0);
  expect(existsSync(box.path("inside/a/tmp/file"))).toBe(true);
  box.remove("inside/a/tmp/file");
  for (const [at, table] of tables) {
    const grants = [{ path: box.path("view"), rights: FS_RIGHTS }];
    const policy = box.write("policy.toml", systemAndInside(box, grants) + table);
    await eachWay(box, policy, script(at), (result) => {
      isBusy(result);
      expect(existsSync(box.path("inside/a/tmp/file"))).toBe(false);
    });
  }
});

asUsersUnless(obstacle, "a run that sees the folder of its root renames nothing on the way to it", async (box) => {
  const root = prepareRoot(box, "inside/deep/root");
  const policy = box.write(
    "policy.toml",
    `${VERSION_ONLY}runtime.root = "${root}"\n` +
      `[mount]\nbind = [{ source = "${box.path("inside")}", target = "${root}/work", read_only = false }]\n` +
      layer(FS_RIGHTS, [
        { path: root, rights: ["execute", "read_file", "read_dir"] },
        { path: `${root}/work`, rights: FS_RIGHTS },
      ]),
  );
  const busybox = (...argv: string[]): string[] => ["/bin/busybox", ...argv];
  await eachWay(box, policy, busybox("mv", "/work/deep", "/work/moved"), isBusy);
  await eachWay(box, policy, busybox("mv", "/work/deep/root", "/work/deep/moved"), isBusy);
  // Positive control: what isn't on the way.
  await eachWay(box, policy, busybox("sh", "-c", "/bin/mkdir /work/x && /bin/busybox mv /work/x /work/y"), (result) => {
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(box.path("inside/y"))).toBe(true);
    box.remove("inside/y");
  });
});

asUsers("a mount that the broker would carry away is refused", async (box) => {
  const target = box.mkdir("scratch/a/tmp");
  const broker = `[broker]\nscratch = ["${box.path("scratch")}"]\n`;
  const policy = box.write("policy.toml", `${systemAndInside(box)}[mount]\ntmpfs = ["${target}"]\n${broker}`);
  await eachWay(box, policy, ["/bin/true"], (result) => {
    expect(result).toMatchObject({ status: 125, stdout: "" });
    expect(result.stderr).toStartWith(`landlockd: "${target}" is beneath "${box.path("scratch")}"`);
  });
  const lint = await landlockd(box, ["lint", policy]);
  expect(lint.status).toBe(1);
  expect(lint.stdout).toContain(`"${target}" is beneath "${box.path("scratch")}"`);
});
