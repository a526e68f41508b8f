/** The linked executable as tools see it that read files: the table of docs/bun-start.md. */
import { expect, test } from "bun:test";
import { copyFileSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { asUsers, testUnless } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { NEEDS_FRONT } from "../harness/linked.ts";
import { systemAndInside } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";

const LINKED = landlockdPath();
const UNLINKED = resolve(import.meta.dir, "../../build/landlockd-unlinked");

interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function output(...argv: string[]): Output {
  const ended = Bun.spawnSync(argv, { env: { PATH: process.env["PATH"], LC_ALL: "C" } });
  return { status: ended.exitCode, stdout: ended.stdout.toString(), stderr: ended.stderr.toString() };
}

testUnless(NEEDS_FRONT, "file and ldd see a static program", () => {
  expect(output("file", "-b", LINKED).stdout).toMatch(
    /^ELF 64-bit LSB executable, [^\n]*statically linked[^\n]*, not stripped\n$/,
  );
  expect(output("ldd", LINKED)).toEqual({ status: 1, stdout: "", stderr: "\tnot a dynamic executable\n" });
  // Which libraries Bun needs, the unlinked one tells.
  expect(output("file", "-b", UNLINKED).stdout).toContain("dynamically linked, interpreter /lib");
  expect(output("ldd", UNLINKED)).toMatchObject({ status: 0, stdout: expect.stringContaining("libc.so.6 => /") });
});

testUnless(NEEDS_FRONT, "sections and symbols are Bun's, as readelf, nm and size show them", () => {
  for (const argv of [
    ["readelf", "-SW"],
    ["readelf", "-n"],
    ["nm", "-D"],
  ]) {
    const linked = output(...argv, LINKED);
    expect([argv, linked.status, linked.stderr]).toEqual([argv, 0, ""]);
    expect(linked.stdout.length).toBeGreaterThan(100);
    expect(linked.stdout).toBe(output(...argv, UNLINKED).stdout);
  }
  const sizes = (file: string): string => output("size", file).stdout.replace(file, "");
  expect(sizes(LINKED)).toMatch(/^ +text[^\n]*\n\d+/);
  expect(sizes(LINKED)).toBe(sizes(UNLINKED));
});

testUnless(
  NEEDS_FRONT,
  "readelf -V warns of the one thing that is only in Bun's own table, and shows the versions",
  () => {
    const warning = "readelf: Warning: Virtual address 0 not located in any PT_LOAD segment.\n";
    const versions = output("readelf", "-VW", LINKED);
    expect([versions.status, versions.stderr.startsWith(warning)]).toEqual([0, true]);
    expect(versions.stdout).toContain("Version symbols section '.gnu.version'");
    expect(output("readelf", "-VW", UNLINKED).stderr).toBe("");
  },
);

test("ld.so starts it", () => {
  const interpreter = output("readelf", "-lW", UNLINKED).stdout.match(/interpreter: ([^\]]+)\]/)?.[1] ?? "";
  const started = output(interpreter, LINKED, "--version");
  expect(started).toMatchObject({ status: 0, stdout: expect.stringMatching(/^landlockd /), stderr: "" });
});

const REMOVERS = [["strip"], ["strip", "--strip-debug"], ["objcopy"]] as const;

for (const remover of REMOVERS) {
  asUsers(`what ${remover.join(" ")} leaves ends at once, and runs nothing`, async (box) => {
    if (NEEDS_FRONT !== undefined) throw new Error(NEEDS_FRONT);
    const whole = box.path("whole");
    copyFileSync(LINKED, whole);
    const stripped = box.path("stripped");
    expect(output(...remover, ...(remover[0] === "strip" ? ["-o", stripped, whole] : [whole, stripped])).status).toBe(
      0,
    );
    const policy = box.write("policy.toml", systemAndInside(box));
    const mark = box.path("inside/ran");
    const run = ["run", "--policy-file", policy, "--", "/usr/bin/touch", mark];
    // Positive control: the copy itself runs it.
    expect(await runProcess(box, [whole, ...run])).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(mark)).toBe(true);
    box.remove("inside/ran");
    for (const argv of [["--version"], run, run]) {
      expect(await runProcess(box, [stripped, ...argv])).toEqual({
        status: null,
        signal: "SIGSEGV",
        stdout: "",
        stderr: "",
      });
    }
    expect(existsSync(mark)).toBe(false);
  });
}
