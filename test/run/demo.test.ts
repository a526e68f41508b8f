/** The demo shows what it says, and says so when a sandbox doesn't hold. */
import { expect } from "bun:test";
import { resolve } from "node:path";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { landlockdPath } from "../harness/landlockd.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";
import { stage } from "../harness/stage.ts";

const DEMO = resolve(import.meta.dir, "../../tools/demo.sh");

async function demo(box: Box, landlockd: string): Promise<ProcessResult> {
  return await runProcess(box, ["sh", stage(DEMO), landlockd], { env: baseEnv(box) });
}

asUsers("the demo's programs work, and its forbidden accesses fail", async (box) => {
  const result = await demo(box, landlockdPath());
  expect(result).toMatchObject({ status: 0, stderr: "" });
  expect(result.stdout).toContain("hello from inside the sandbox");
  expect(result.stdout.match(/Permission denied/g)).toHaveLength(3);
  expect(result.stdout).not.toContain("\x1b");
});

asUsers("with a landlockd that confines nothing the demo fails", async (box) => {
  const impostor = box.write("impostor", '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n', 0o755);
  const result = await demo(box, impostor);
  expect(result.status).toBe(1);
  expect(result.stdout).toContain("expected: refused");
});

asUsers("with a landlockd that lets nothing run the demo fails", async (box) => {
  const result = await demo(box, box.write("impostor", "#!/bin/sh\nexit 1\n", 0o755));
  expect(result.status).toBe(1);
  expect(result.stdout).toContain("expected: works");
});
