/**
 * landlockd for aarch64, built here and started by qemu-user: front, link step, loader, and the program behind them. qemu
 * has neither Landlock nor seccomp, so a run is refused; what a sandbox does there needs a machine.
 */
import { expect } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUnprivileged, skipped, testUnless } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { baseEnv, runProcess } from "../harness/process.ts";
import { stage } from "../harness/stage.ts";

const PROJECT = resolve(import.meta.dir, "../..");
const READELF = "aarch64-linux-gnu-readelf";
const LIBRARIES = "/usr/aarch64-linux-gnu";
const LINKED = resolve(PROJECT, "dist/landlockd-aarch64");
const EMULATOR = ["qemu-aarch64-static", "-L", LIBRARIES];

function make(target: string): { readonly failed: boolean; readonly said: string } {
  const { exitCode, stderr } = Bun.spawnSync(["make", "-s", target], {
    cwd: PROJECT,
    stdout: "ignore",
    stderr: "pipe",
  });
  return { failed: exitCode !== 0, said: stderr.toString().trim().split("\n")[0] ?? "" };
}

function obstacle(): string | undefined {
  for (const program of ["aarch64-linux-gnu-gcc", READELF, EMULATOR[0] ?? ""]) {
    if (Bun.which(program) === null) return `${program} isn't installed (.ci/run has the packages)`;
  }
  if (!existsSync(`${LIBRARIES}/lib/ld-linux-aarch64.so.1`)) return "libc6-arm64-cross isn't installed";
  const bun = make("build/aarch64/bun");
  return bun.failed ? `no Bun for aarch64: ${bun.said}` : undefined;
}

const OBSTACLE = obstacle();
if (OBSTACLE === undefined) {
  const built = make("dist/landlockd-aarch64");
  if (built.failed) throw new Error(built.said);
}

const linked = (): string => stage(LINKED);

async function emulated(box: Box, argv: readonly string[], env: Record<string, string> = {}) {
  return await runProcess(box, [...EMULATOR, linked(), ...argv], { env: { ...baseEnv(box), ...env } });
}

function emulatedTest(name: string, body: (box: Box) => Promise<void>): void {
  if (OBSTACLE === undefined) asUnprivileged(name, body);
  else skipped(name, OBSTACLE);
}

testUnless(OBSTACLE, "the linked file has the front's segment, for the largest page", () => {
  const { stdout, stderr } = Bun.spawnSync([READELF, "-hlW", LINKED], { env: { ...process.env, LC_ALL: "C" } });
  const lines = stdout.toString().split("\n");
  expect(stderr.toString()).toBe("");
  expect(lines.some((line) => /Machine: +AArch64$/.test(line))).toBe(true);
  const loads = lines.filter((line) => /^ {2}LOAD /.test(line)).map((line) => line.trim().split(/\s+/));
  expect(loads.map((fields) => fields.slice(6, -1).join(""))).toEqual(["RE"]);
  expect(loads.map((fields) => fields.at(-1))).toEqual(["0x10000"]);
  expect(loads.map((fields) => Number(fields[2]))).toEqual([0x110000]);
  for (const [, offset, address] of loads) expect(Number(address) % 0x10000).toBe(Number(offset) % 0x10000);
  expect(lines.some((line) => /INTERP/.test(line))).toBe(false);
  const entry = stdout.toString().match(/Entry point address: +(0x\w+)/)?.[1];
  expect(Number(entry)).toBeGreaterThan(0x110000);
  expect(Number(entry)).toBeLessThan(0x110000 + Number(loads[0]?.[4]));
});

emulatedTest("it starts Bun, and does what the other one does", async (box) => {
  const good = box.write("good.toml", VERSION_ONLY);
  const bad = box.write("bad.toml", `${VERSION_ONLY}nonsense = 1\n`);
  for (const argv of [["--version"], ["schema"], ["lint", bad], ["lint", "--help"], ["nonsense"]]) {
    const here = await runProcess(box, [landlockdPath(), ...argv]);
    expect([argv, await emulated(box, argv)]).toEqual([argv, here]);
  }
  expect(await emulated(box, ["lint", good])).toMatchObject({ status: 0, stderr: "" });
  const doctor = await emulated(box, ["doctor"]);
  expect(doctor.stdout).toMatch(/^aarch64, Linux [^\n]*, Landlock ABI 0, /);
});

emulatedTest("what steers Bun is dropped by its front too", async (box) => {
  const planted = box.write("planted.js", 'console.log("planted");');
  const env = { BUN_BE_BUN: "1", BUN_OPTIONS: `--preload ${planted}` };
  expect(await emulated(box, ["--version"], env)).toEqual(await emulated(box, ["--version"]));
});

emulatedTest("without Landlock no run starts, and each says why", async (box) => {
  const policy = box.write("policy.toml", VERSION_ONLY);
  const mark = box.path("inside/ran");
  const refused = [
    `landlockd: ${policy}: landlock needs Landlock ABI 1 (Linux 5.13); this host has no Landlock`,
    `landlockd: ${policy}: seccomp needs seccomp filters (CONFIG_SECCOMP_FILTER); this host has none`,
  ];
  for (const flags of [[], ["--best-effort"], []]) {
    const result = await emulated(box, ["run", "--policy-file", policy, ...flags, "--", "/bin/touch", mark]);
    expect(result).toEqual({ status: 125, signal: null, stdout: "", stderr: `${refused.join("\n")}\n` });
  }
  const compiled = await emulated(box, ["compile", "--policy-file", policy, "-o", box.path("p.plan")]);
  expect([compiled.status, compiled.stdout]).toEqual([1, ""]);
  expect([existsSync(mark), existsSync(box.path("p.plan"))]).toEqual([false, false]);
});

emulatedTest("the front says what it can't load", async (box) => {
  const nowhere = await runProcess(box, ["qemu-aarch64-static", "-L", box.dir, linked(), "--version"]);
  const missing = "landlockd: cannot start without the GNU C library, whose loader is /lib/ld-linux-aarch64.so.1\n";
  expect(nowhere).toEqual({ status: 2, signal: null, stdout: "", stderr: missing });
  // Another machine's isn't taken for one.
  box.mkdir("lib");
  box.write("lib/ld-linux-aarch64.so.1", readFileSync("/bin/true"), 0o755);
  const wrong = await runProcess(box, ["qemu-aarch64-static", "-L", box.dir, linked(), "--version"]);
  const other = "landlockd: cannot load the interpreter /lib/ld-linux-aarch64.so.1: Exec format error (ENOEXEC)\n";
  expect([wrong.status, wrong.stderr]).toEqual([2, other]);
});
