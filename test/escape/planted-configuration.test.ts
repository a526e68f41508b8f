import { expect } from "bun:test";
import { existsSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers, asUsersUnless } from "../harness/cases.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { NEEDS_FRONT } from "../harness/linked.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { baseEnv, runProcess } from "../harness/process.ts";
import { stage } from "../harness/stage.ts";

/** Code that leaves a mark where it ran. */
function plantScript(box: Box): { script: string; mark: string } {
  const mark = box.path("mark");
  const script = box.write("evil.ts", `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "ran");\n`);
  return { script, mark };
}

const BUN = process.execPath;

asUsers("a bunfig.toml and a .env in the working directory are never read", async (box) => {
  const { mark } = plantScript(box);
  box.write("bunfig.toml", 'preload = ["./evil.ts"]\n');
  box.write(".env", `BUN_OPTIONS=--preload ./evil.ts\nLANDLOCKD_JOB_ID=planted\nPLANTED=1\n`);
  await runProcess(box, [stage(BUN), "-e", "0"]);
  expect(existsSync(mark)).toBe(true);
  box.remove("mark");
  const result = await run(box, { policy: VERSION_ONLY, argv: ["/usr/bin/env"], audit: true });
  expect(result.status).toBe(0);
  expect(result.stdout).not.toContain("PLANTED");
  expect(result.events.map((event) => event["job_id"])).not.toContain("planted");
  expect(existsSync(mark)).toBe(false);
});

asUsersUnless(NEEDS_FRONT, "BUN_OPTIONS runs nothing inside landlockd, and the workload still gets it", async (box) => {
  const { script, mark } = plantScript(box);
  const env = { ...baseEnv(box), BUN_OPTIONS: `--preload ${script}` };
  await runProcess(box, [stage(BUN), "-e", "0"], { env });
  expect(existsSync(mark)).toBe(true);
  box.remove("mark");
  for (const audit of [false, true]) {
    const result = await run(box, { policy: VERSION_ONLY, argv: ["/usr/bin/printenv", "BUN_OPTIONS"], env, audit });
    expect(existsSync(mark)).toBe(false);
    expect(result).toMatchObject({ status: 0, stdout: `--preload ${script}\n` });
  }
  const version = await landlockd(box, ["--version"], { env });
  expect(version.stdout).toStartWith("landlockd ");
});

asUsersUnless(NEEDS_FRONT, "BUN_BE_BUN doesn't turn landlockd into bun", async (box) => {
  const { script, mark } = plantScript(box);
  const env = { ...baseEnv(box), BUN_BE_BUN: "1" };
  const result = await landlockd(box, ["run", script], { env });
  expect(result.status).toBe(125);
  expect(existsSync(mark)).toBe(false);
  const inside = await run(box, { policy: VERSION_ONLY, argv: ["/usr/bin/printenv", "BUN_BE_BUN"], env });
  expect(inside).toMatchObject({ status: 0, stdout: "1\n" });
});

asUsersUnless(NEEDS_FRONT, "LD_PRELOAD and LD_LIBRARY_PATH load nothing into landlockd", async (box) => {
  const library = box.path("evil.so");
  const mark = box.write("loaded-by", "", 0o666);
  const source = `#define _GNU_SOURCE
    #include <errno.h>
    #include <fcntl.h>
    #include <unistd.h>
    #include <string.h>
    __attribute__((constructor)) static void loaded(void) {
      int fd = open("${mark}", O_WRONLY | O_APPEND);
      write(fd, program_invocation_short_name, strlen(program_invocation_short_name));
      write(fd, "\\n", 1);
    }`;
  const gcc = Bun.spawnSync(["gcc", "-shared", "-fPIC", "-w", "-x", "c", "-o", library, "-"], {
    stdin: Buffer.from(source),
  });
  expect(gcc.stderr.toString()).toBe("");
  const env = { ...baseEnv(box), LD_PRELOAD: library };
  const names = async (): Promise<string> => {
    const text = await Bun.file(mark).text();
    box.write("loaded-by", "", 0o666);
    return text;
  };
  // The workload is static: what is loaded now is loaded into landlockd (or, for the unprivileged, into setpriv).
  await runProcess(box, ["/bin/true"], { env });
  expect(await names()).toContain("true\n");
  for (const audit of [false, true]) {
    const result = await run(box, { policy: VERSION_ONLY, argv: [probePath("state")], env, audit });
    expect(result.status).toBe(0);
    expect(await names()).not.toContain("landlockd");
  }
});
