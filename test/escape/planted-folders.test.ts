/** Links that a run made where variables, renamed folders, compile and the plan store lead; and links that keep working. */
import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { landlockd } from "../harness/landlockd.ts";
import { FS_RIGHTS, layer, systemAndInside, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv, type ProcessResult } from "../harness/process.ts";
import { furnish, READ, script, secretRead } from "./planted.ts";

/** As a policy for jobs names them: a working folder, a temporary one, the user's settings. */
function ciDefault(box: Box, text: string, env: Readonly<Record<string, string>>): Promise<ProcessResult> {
  const argv = ["run", "--policy", "ci-default", "--", "/bin/sh", "-c", text];
  return landlockd(box, argv, { env: { ...baseEnv(box), ...env }, cwd: box.path("inside") });
}

/** Cold and from a stored plan. */
const COLD_AND_WARM: readonly Readonly<Record<string, string>>[] = [{ LANDLOCKD_NO_FAST_PATH: "1" }, {}];

asUsers("a link in the place of TMPDIR, in the working folder, grants nothing", async (box) => {
  furnish(box);
  const env = { TMPDIR: box.mkdir("inside/tmp"), HOME: box.mkdir("home") };
  for (let times = 0; times < 2; times++) expect(await ciDefault(box, "touch tmp/x", env)).toMatchObject({ status: 0 });
  const plant = `rm -r tmp && ln -s ${box.path("outside")} tmp`;
  expect(await ciDefault(box, plant, env)).toMatchObject({ status: 0 });
  for (const way of COLD_AND_WARM) {
    const result = await ciDefault(box, `cat tmp/secret; echo x > tmp/new`, { ...env, ...way });
    expect(result).toMatchObject({ status: 125, stdout: "" });
    expect(result.stderr).toContain(`"${env.TMPDIR}" is a symbolic link`);
  }
  expect(readdirSync(box.path("outside")).sort()).toEqual(["empty", "secret"]);
});

asUsers("nor does one in the home folder, where that is the working folder", async (box) => {
  furnish(box);
  const env = { HOME: box.path("inside"), TMPDIR: box.mkdir("tmp") };
  expect(await ciDefault(box, "mkdir .config && ln -s / .config/git", env)).toMatchObject({ status: 0 });
  for (const way of COLD_AND_WARM) {
    const result = await ciDefault(box, `cat ${box.path("outside/secret")}`, { ...env, ...way });
    expect(result).toMatchObject({ status: 125, stdout: "" });
    expect(result.stderr).toContain(`"${box.path("inside/.config/git")}" is a symbolic link`);
  }
});

asUsers("a folder with a link in it, renamed to a path's folder, leads nowhere either", async (box) => {
  furnish(box);
  box.mkdir("inside/theirs");
  box.symlink(box.path("outside"), "inside/theirs/data");
  box.mkdir("inside/ours/data");
  const names = ["make_dir", "remove_dir", "read_dir"];
  const path = box.path("inside/ours/data");
  const policy = box.write(
    "policy.toml",
    VERSION_ONLY +
      layer(FS_RIGHTS, [
        ...["/usr", "/bin", "/lib", "/lib64"].map((each) => ({ path: each, rights: READ, optional: true })),
        { path: box.path("inside"), rights: names },
        { path, rights: READ },
      ]),
  );
  const swap = "mv ours gone && mv theirs ours";
  expect(await script(box, policy, swap)).toMatchObject({ status: 0, stderr: "" });
  const result = await script(box, policy, secretRead(box));
  expect(result).toMatchObject({ status: 125, stdout: "" });
  expect(result.stderr).toContain(`"${path}" is a symbolic link`);
});

asUsers("the root of a run that can change what it lies in is no link", async (box) => {
  const [root, system] = [box.mkdir("inside/root"), box.mkdir("outside/system")];
  for (const folder of [root, system])
    for (const name of ["bin", "work"]) box.mkdir(`${folder.slice(box.dir.length + 1)}/${name}`);
  const probe = await Bun.file(probePath("fs")).bytes();
  for (const folder of ["inside/root", "outside/system"]) box.write(`${folder}/bin/probe`, probe, 0o755);
  const policy = (at: string): string =>
    `${VERSION_ONLY}runtime.root = "${at}"\n` +
    `[mount]\nbind = [{ source = "${box.path("inside")}", target = "${at}/work", read_only = false }]\n` +
    layer(FS_RIGHTS, [
      { path: at, rights: READ },
      { path: `${at}/work`, rights: FS_RIGHTS },
    ]);
  const run = (at: string, env = {}): Promise<ProcessResult> =>
    landlockd(box, ["run", "--policy-file", box.write("policy.toml", policy(at)), "--", "/bin/probe"], {
      env: { ...baseEnv(box), ...env },
    });
  // Positive control: a link of the user's own.
  box.mkdir("own");
  expect(await run(box.symlink(system, "own/root"))).toMatchObject({ status: 0 });
  for (let times = 0; times < 2; times++) expect(await run(root)).toMatchObject({ status: 0 });
  box.remove("inside/root");
  box.symlink(system, "inside/root");
  for (const way of COLD_AND_WARM) {
    const result = await run(root, way);
    expect(result).toMatchObject({ status: 125 });
    expect(result.stderr).toContain(`"${root}" is a symbolic link`);
  }
});

asUsers("compile writes no plan through a link of its run's", async (box) => {
  furnish(box);
  const policy = box.write("policy.toml", systemAndInside(box));
  const compile = (name: string, cwd: string): Promise<ProcessResult> =>
    landlockd(box, ["compile", "--policy-file", policy, "-o", name], { cwd });
  // Positive controls: the user's own link, and a folder.
  box.symlink(box.path("outside"), "own/plans");
  expect(await compile(box.path("own/plans/a.plan"), box.dir)).toMatchObject({ status: 0 });
  box.mkdir("inside/plans");
  expect(await compile(box.path("inside/plans/a.plan"), box.dir)).toMatchObject({ status: 0 });
  expect(await script(box, policy, `rm -r plans && ln -s ${box.path("outside")} plans`)).toMatchObject({ status: 0 });
  for (const [name, cwd] of [
    [box.path("inside/plans/b.plan"), box.dir] as const,
    ["plans/b.plan", box.path("inside")] as const,
  ]) {
    const result = await compile(name, cwd);
    expect(result).toMatchObject({ status: 2, stdout: "" });
    expect(result.stderr).toContain(`"${box.path("inside/plans")}" is a symbolic link`);
  }
  expect(readdirSync(box.path("outside")).sort()).toEqual(["a.plan", "empty", "secret"]);
});

asUsers("folders for plans and keys are made through no link", async (box) => {
  furnish(box);
  const policy = box.write("policy.toml", systemAndInside(box));
  const [home, runtime] = [box.mkdir("inside/home"), box.mkdir("inside/runtime")];
  const run = (env: Readonly<Record<string, string>>): Promise<ProcessResult> =>
    landlockd(box, ["run", "--policy-file", policy, "--", "/bin/true"], { env: { ...baseEnv(box), ...env } });
  for (const name of ["home/.local", "home/.cache", "runtime/landlockd"])
    box.symlink(box.path("outside"), `inside/${name}`);
  // What lets its run write there keeps nothing; a laxer look of the store's own is what this asks for.
  const strict = box.write("strict.toml", storableElsewhere(box));
  for (const file of [policy, strict]) {
    for (const env of [
      { HOME: home },
      { HOME: home, XDG_RUNTIME_DIR: runtime },
      { HOME: box.dir, XDG_RUNTIME_DIR: runtime },
    ]) {
      const argv = ["run", "--policy-file", file, "--", "/bin/true"];
      expect(await landlockd(box, argv, { env: { ...baseEnv(box), ...env } })).toMatchObject({ status: 0, stderr: "" });
      expect(readdirSync(box.path("outside")).sort()).toEqual(["empty", "secret"]);
    }
  }
  expect(await run({ HOME: home })).toMatchObject({ status: 0 });
});

asUsers("links where no run can change them keep working", async (box) => {
  furnish(box);
  const real = box.mkdir("inside/deep/real");
  box.write("inside/deep/real/file", "found\n");
  box.symlink(real, "own/link");
  box.symlink("link", "own/more");
  box.symlink(box.path("inside"), "own/work");
  const names = ["own/link", "own/more/file", "own/work", "own/work/deep/real", "inside/deep"];
  for (const name of names) {
    const policy = box.write("policy.toml", systemAndInside(box, [{ path: box.path(name), rights: ["read_file"] }]));
    for (const way of [...COLD_AND_WARM, {}]) {
      const result = await script(box, policy, `cat ${box.path("own/link/file")}`, [], way);
      expect(result).toMatchObject({ status: 0, stdout: "found\n", stderr: "" });
    }
  }
  // What such a link leads to may be changed: then it leads nowhere.
  const policy = box.write(
    "policy.toml",
    systemAndInside(box, [{ path: box.path("own/link"), rights: ["read_file"] }]),
  );
  expect(await script(box, policy, `rm -r deep/real && ln -s ${box.path("outside")} deep/real`)).toMatchObject({
    status: 0,
  });
  for (const way of COLD_AND_WARM) {
    const result = await script(box, policy, secretRead(box), [], way);
    expect(result).toMatchObject({ status: 125, stdout: "" });
    expect(result.stderr).toContain(`"${real}" is a symbolic link`);
  }
});

asUsers("a working folder that was entered through a link is what it leads to", async (box) => {
  const link = box.symlink(box.path("inside"), "link");
  const policy = box.write("policy.toml", systemAndInside(box).replaceAll(box.path("inside"), "${CWD}"));
  for (const way of COLD_AND_WARM) {
    const argv = ["run", "--policy-file", policy, "--", "/bin/sh", "-c", "echo x > made && cat made"];
    const enter = ["/bin/sh", "-c", `cd ${link} && exec "$@"`, "sh"];
    const result = await landlockd(box, argv, { env: { ...baseEnv(box), ...way }, prefix: enter });
    expect(result).toMatchObject({ status: 0, stdout: "x\n", stderr: "" });
  }
});

asUsers("ci-default starts in the root folder, whose own links it could change only as root", async (box) => {
  const argv = ["run", "--policy", "ci-default", "--", "/bin/sh", "-c", "echo ran"];
  const result = await landlockd(box, argv, { cwd: "/" });
  expect(result).toMatchObject({ status: 0, stdout: "ran\n" });
  // All of / is the work folder then, landlockd's own executable with it.
  expect(result.stderr).toMatch(/^landlockd: warning: this run may write landlockd itself [^\n]+\n$/);
});

/** Keeps its plan although the folders of the store are beneath what another policy lets be written. */
function storableElsewhere(box: Box): string {
  return (
    VERSION_ONLY +
    layer(["write_file", "make_reg", "make_dir"], [{ path: box.mkdir("elsewhere"), rights: ["make_reg"] }])
  );
}
