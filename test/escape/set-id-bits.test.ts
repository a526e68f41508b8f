import { expect } from "bun:test";
import { statSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { systemAndInside, VERSION_ONLY } from "../harness/policies.ts";

const SPELLINGS = ["fchmod", "fchmodat", "fchmodat2", "chmod", "chmod_high_bits"];

function rows(path: string): Row[] {
  return SPELLINGS.flatMap((spelling) => [
    row([spelling, "4755", path], "OK", "EPERM"),
    row([spelling, "2755", path], "OK", "EPERM"),
    row([spelling, "1755", path], "OK", "OK"),
    row([spelling, "0755", path], "OK", "OK"),
  ]);
}

/** A file that the policy doesn't grant: Landlock has no right for its mode. */
function target(box: Box): string {
  return box.write("outside/program", "#!/bin/sh\n", 0o755);
}

asUsers("no file, granted or not, gets a setuid or setgid bit that others would run it with", async (box) => {
  const path = target(box);
  await expectClaim(box, { probe: "mode", policy: VERSION_ONLY, rows: rows(path) });
  expect(statSync(path).mode & 0o7777).toBe(0o755);
});

asUsers("chmod.set_id opens it", async (box) => {
  const path = target(box);
  const policy = `${systemAndInside(box)}\n[seccomp]\nallow = ["chmod.set_id"]\n`;
  expect(await run(box, { policy, argv: ["chmod", "4755", path] })).toMatchObject({ status: 0, stderr: "" });
  expect(statSync(path).mode & 0o7777).toBe(0o4755);
});
