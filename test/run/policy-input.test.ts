import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, asUsers } from "../harness/cases.ts";
import { landlockd, type RunResult, run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

const MARK = "inside/ran";

/** Runs a command that leaves a mark, and asserts that it didn't run: status 125, and every line says who speaks. */
async function expectRefused(box: Box, policy: string | Uint8Array): Promise<string> {
  const result = await run(box, { policy, argv: ["/usr/bin/touch", box.path(MARK)] });
  await expectNotRun(box, result);
  return result.stderr.replaceAll(box.path("policy.toml"), "POLICY");
}

async function expectNotRun(box: Box, result: Pick<RunResult, "status" | "stdout" | "stderr">): Promise<void> {
  expect([result.status, result.stdout]).toEqual([125, ""]);
  expect(result.stderr).toMatch(/^(landlockd: [^\n]+\n( {2}[^\n]+\n)?)+$/);
  expect(await Bun.file(box.path(MARK)).exists()).toBe(false);
}

asUsers("a policy that isn't one: its place and what is wrong, and the command doesn't run", async (box) => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "version"],
    ["version = 2\n", "POLICY:1:"],
    ['version = "1"\n', "POLICY:1:"],
    ["version = 1\nnet = 1\n", "POLICY:2:"],
    ["version = 1\nnet = []\n", "POLICY:2:"],
    ["version = 1\n[fs_layer]\nhandled_access_fs = ['execute']\n", "POLICY:2:"],
    ["version = 1\nfs_layer = {}\n", "POLICY:2:"],
    ["version = 1\nfs_layer = false\n", "POLICY:2:"],
    ["version = 1\n[[fs_layer]]\nhandled_access_fs = []\n", "POLICY:3:"],
    ["version = 1\n[[fs_layer]]\nhandled_access_fs = 'execute'\n", "POLICY:3:"],
    ["version = 1\n[[fs_layer]]\nhandled_access_fs = ['execut']\n", "POLICY:3:"],
    ["version = 1\n[[fs_layer]]\n", "POLICY:2:"],
    ["version = 1\nunknown = 1\n", "POLICY:2:1"],
    ["version = 1\n[net]\nhandled_access_net = ['connect_tcp']\nports = [1]\n", "POLICY:4:1"],
    ["version = 1\n[seccomp]\ndeny = ['no_such_call']\n", "POLICY:3:"],
    ["version = 1\n[seccomp]\ndeny = ['mkdir']\nerrno = 0\n", "POLICY:4:"],
    ["version = 1\n[seccomp]\ndeny = ['mkdir']\nerrno = 4096\n", "POLICY:4:"],
    ["version = 1\n[seccomp]\nallow = ['no_such_protection']\n", "POLICY:3:"],
    ["version = 1\n[scope]\nallow = ['everything']\n", "POLICY:3:"],
    ["version = 1\ncompat = 'lax'\n", "POLICY:2:"],
    ["version = 1\nversion = 1\n", "POLICY:2:"],
    ["version = \n", "POLICY:1:"],
    ["version = 1\n[runtime]\nroot = 'relative'\n", "POLICY:3:"],
    ["version = 1\n__proto__ = { polluted = true }\n", "POLICY:2:"],
  ];
  for (const [policy, expected] of cases) {
    const stderr = await expectRefused(box, policy);
    expect([policy, stderr]).toEqual([policy, expect.stringContaining(expected)]);
  }
});

asUsers("rules that make no sense are refused with their place", async (box) => {
  const layer = "version = 1\n[[fs_layer]]\nhandled_access_fs = ['execute']\n[[fs_layer.rule]]\n";
  const net = "version = 1\n[net]\nhandled_access_net = ['connect_tcp']\n[[net.rule]]\n";
  const cases: readonly (readonly [string, string])[] = [
    [`${layer}allowed_access = ['execute']\n`, "POLICY:4:"],
    [`${layer}path = '/usr'\n`, "POLICY:4:"],
    [`${layer}path = '/usr'\nallowed_access = []\n`, "POLICY:6:"],
    [`${layer}path = '/usr'\nallowed_access = ['read_file']\n`, "POLICY:6:"],
    [`${layer}path = 'usr'\nallowed_access = ['execute']\n`, "POLICY:5:"],
    [`${layer}path = ''\nallowed_access = ['execute']\n`, "POLICY:5:"],
    [`${layer}path = 7\nallowed_access = ['execute']\n`, "POLICY:5:"],
    [`${layer}path = "/usr\\u0000"\nallowed_access = ['execute']\n`, "POLICY:5:"],
    [`${layer}path = '\${NO_SUCH}/x'\nallowed_access = ['execute']\n`, "POLICY:5:"],
    [`${layer}path = '/usr'\nallowed_access = ['execute']\noptional = 'yes'\n`, "POLICY:7:"],
    [`${net}port = 65536\nallowed_access = ['connect_tcp']\n`, "POLICY:5:"],
    [`${net}port = -1\nallowed_access = ['connect_tcp']\n`, "POLICY:5:"],
    [`${net}port = '443'\nallowed_access = ['connect_tcp']\n`, "POLICY:5:"],
    [`${net}port = 443.0\nallowed_access = ['connect_tcp']\n`, "POLICY:5:"],
    [`${net}port = 443\nallowed_access = ['bind_tcp']\n`, "POLICY:6:"],
  ];
  for (const [policy, expected] of cases) {
    const stderr = await expectRefused(box, policy);
    expect([policy, stderr]).toEqual([policy, expect.stringContaining(expected)]);
  }
});

asUsers("all findings are reported, not the first", async (box) => {
  const stderr = await expectRefused(box, "version = 3\nnet = 1\nunknown = 1\n[seccomp]\ndeny = [1]\n");
  for (const place of ["POLICY:1:", "POLICY:2:", "POLICY:3:", "POLICY:5:"]) expect(stderr).toContain(place);
});

asUsers("bytes that aren't UTF-8, a megabyte of nesting and too large a file are refused", async (box) => {
  const notUtf8 = Buffer.concat([Buffer.from("version = 1\n# "), Buffer.of(0xff, 0xfe), Buffer.from("\n")]);
  expect(await expectRefused(box, notUtf8)).toContain("UTF-8");
  await expectRefused(box, `version = 1\nx = ${"[".repeat(1_000_000)}\n`);
  await expectRefused(box, `version = 1\nx = ${"{a=".repeat(300_000)}\n`);
  await expectRefused(box, `version = 1\n[${"a.".repeat(400_000)}a]\n`);
  await expectRefused(box, `version = 1\n${"#".repeat(2_000_000)}\n`);
  await expectRefused(box, "version = 1\n\0\n");
});

asUsers("what isn't a regular file is no policy: a folder, a FIFO, a device, a missing file", async (box) => {
  const fifo = box.path("fifo");
  Bun.spawnSync(["mkfifo", "-m", "666", fifo]);
  for (const file of [box.mkdir("folder"), fifo, "/dev/zero", box.path("absent"), box.symlink("loop", "loop"), ""]) {
    const argv = ["run", "--policy-file", file, "--", "/usr/bin/touch", box.path(MARK)];
    const result = await landlockd(box, argv);
    await expectNotRun(box, result);
    expect(result.stderr.split("\n").filter((line) => line.startsWith("landlockd: ")).length).toBe(1);
  }
});

asUnprivileged("a policy that can't be read is refused", async (box) => {
  box.write("secret.toml", VERSION_ONLY, 0o000);
  const argv = ["run", "--policy-file", box.path("secret.toml"), "--", "/usr/bin/touch", box.path(MARK)];
  await expectNotRun(box, await landlockd(box, argv));
});

asUsers("a policy with a byte order mark and CRLF line ends is a policy", async (box) => {
  const result = await run(box, { policy: "\ufeffversion = 1\r\n[seccomp]\r\n", argv: ["/bin/true"] });
  expect(result).toMatchObject({ status: 0, stderr: "" });
});

asUsers("as many mistakes as a policy has room for take no more stack than a few", async (box) => {
  const rules = '{path="/usr",allowed_access=["write_file"]},\n'.repeat(20_000);
  box.write("many.toml", `version = 1\n[[fs_layer]]\nhandled_access_fs = ["write_file"]\nrule = [\n${rules}]\n`);
  const prefix = ["prlimit", `--stack=${256 * 1024}`, "--"];
  const result = await landlockd(box, ["lint", "many.toml"], { prefix });
  expect([result.status, result.stderr]).toEqual([0, ""]);
});
