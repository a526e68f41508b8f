/** A policy from standard input, or from what a shell makes of `<(…)`. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { asUsers } from "../harness/cases.ts";
import { landlockd, landlockdPath } from "../harness/landlockd.ts";
import { insideOnly, RUNNABLE, systemAndInside, VERSION_ONLY } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";
import { openShelf } from "../store/shelf.ts";

const sh = (script: string): string[] => ["/bin/sh", "-c", script];

asUsers("a policy from standard input is enforced, and the command finds it at its end", async (box) => {
  box.write("-", VERSION_ONLY); // a file of that name isn't meant
  const outside = box.write("outside/file", "secret");
  for (const name of ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]) {
    const argv = ["run", "--policy-file", name, "--", ...sh(`wc -c; cat ${outside}`)];
    const prefix = ["/bin/sh", "-c", 'cat | "$0" "$@"'];
    const result = await landlockd(box, argv, { stdin: systemAndInside(box), prefix });
    expect([name, result.stdout.trim()]).toEqual([name, "0"]);
    expect(result.stderr).toContain("Permission denied");
  }
});

asUsers("a file as standard input is read from where it stands, and a pipe from a shell by its number", async (box) => {
  const policy = box.write("policy.toml", systemAndInside(box));
  const outside = box.write("outside/file", "secret");
  const command = `-- cat ${outside}`;
  for (const script of [
    `"$0" run --policy-file - ${command} <${policy}`,
    `"$0" run --policy-file <(cat ${policy}) ${command}`,
    `(read -r _; exec "$0" run --policy-file - ${command}) <<<$'no TOML\\n'"$(cat ${policy})"`,
  ]) {
    const result = await runProcess(box, ["bash", "-c", script, landlockdPath()]);
    expect([script, result.status, result.stdout]).toEqual([script, 1, ""]);
    expect(result.stderr).toContain("Permission denied");
  }
});

asUsers("what is wrong in it has its place; too much, nothing and twice are told", async (box) => {
  const lint = async (stdin: string, ...files: string[]) => await landlockd(box, ["lint", ...files], { stdin });
  expect((await lint("version = 1\nnet = 1\n", "-")).stdout).toMatch(/^landlockd: <stdin>:2:7: error: /);
  expect(await lint(VERSION_ONLY, "-", "-")).toMatchObject({ status: 2, stderr: expect.stringContaining("twice") });
  expect(await lint(`version = 1\n${"#".repeat(1_048_576)}`, "-")).toMatchObject({
    status: 2,
    stderr: "landlockd: -: the policy is larger than 1048576 bytes\n",
  });
  expect((await lint("", "-")).stdout).toContain("version");
  const folder = await landlockd(box, ["run", "--policy-file", "-", "--", "/bin/true"], {
    stdin: 'version = 1\n[broker]\nallow_read = ["${POLICY_DIR}/x"]\n',
  });
  expect(folder.status).toBe(125);
  expect(folder.stderr).toContain("comes by a pipe, is in no folder");
});

asUsers("no plan is kept of it, and none that was kept is taken for it", async (box) => {
  const shelf = openShelf(box);
  const lax = insideOnly(
    box,
    ["/usr", "/bin", "/lib", "/lib64"],
    [
      { path: "/etc", rights: RUNNABLE },
      { path: box.path("outside"), rights: ["read_file"] },
    ],
  );
  box.write("-", lax);
  const kept = await shelf.fill("./-");
  const argv = ["run", "--policy-file", "-", "--", "/bin/cat", box.path("outside/secret")];
  const strict = await landlockd(box, argv, { stdin: readFileSync(shelf.strict), env: shelf.env });
  expect(strict.stderr).toContain("Permission denied");
  expect(shelf.names()).toEqual([kept]);
  expect(await landlockd(box, argv, { stdin: lax, env: shelf.env })).toMatchObject({ status: 0, stdout: "secret\n" });
  expect(shelf.names()).toEqual([kept]);
});

asUsers("show prints what a name or a file stands for, as it is written", async (box) => {
  const builtIn = await landlockd(box, ["show", "--policy", "ci-default"]);
  const source = readFileSync(resolve(import.meta.dir, "../../policies/ci-default.toml"), "utf8");
  expect([builtIn.status, builtIn.stderr]).toEqual([0, ""]);
  expect(builtIn.stdout).toBe(source);
  const file = box.write("broken.toml", "not a policy # at all\n");
  expect((await landlockd(box, ["show", "--policy-file", file])).stdout).toBe("not a policy # at all\n");
  expect((await landlockd(box, ["show", "--policy-file", "-"], { stdin: "any\n" })).stdout).toBe("any\n");
  for (const flags of [[], ["--policy", "no-such"], ["ci-default"], ["--policy-file", box.path("absent")]]) {
    const refused = await landlockd(box, ["show", ...flags]);
    expect([flags, refused.status, refused.stdout]).toEqual([flags, 2, ""]);
  }
});
