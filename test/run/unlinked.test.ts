import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { asUsers } from "../harness/cases.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { baseEnv, type ProcessResult, runProcess } from "../harness/process.ts";
import { stage } from "../harness/stage.ts";

/** What `make` builds before the link step: landlockd without its front. */
const UNLINKED = resolve(import.meta.dir, "../../build/landlockd-unlinked");

asUsers("without the front landlockd does the same, and refuses what would steer Bun", async (box) => {
  const policy = box.write("policy.toml", VERSION_ONLY);
  const mark = box.path("inside/ran");
  const run = async (env: Record<string, string>): Promise<ProcessResult> =>
    await runProcess(box, [stage(UNLINKED), "run", "--policy-file", policy, "--", "/usr/bin/touch", mark], {
      env: { ...baseEnv(box), ...env },
    });
  expect(await run({})).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(mark)).toBe(true);
  box.remove("inside/ran");
  const refused = await run({ BUN_JSC_useJIT: "1" });
  expect([refused.status, refused.stdout]).toEqual([125, ""]);
  expect(refused.stderr).toMatch(/^landlockd: [^\n]*BUN_JSC_useJIT[^\n]*\n( {2}[^\n]+\n)?$/);
  expect(existsSync(mark)).toBe(false);
});
