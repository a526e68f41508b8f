import { expect } from "bun:test";
import { chmodSync, chownSync } from "node:fs";
import type { Box } from "../harness/box.ts";
import { openBox } from "../harness/box.ts";
import { testUnless } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { parseState } from "../harness/state.ts";
import { ROOT, SUITE_IS_ROOT, UNPRIVILEGED } from "../harness/user.ts";

const NOT_ROOT = SUITE_IS_ROOT ? undefined : "only root can make a program that belongs to another user";
const OTHER_ID = 61_235;

/** A copy of the state probe that belongs to `uid` and sets its user and group. */
async function plantSetuid(box: Box, uid: number): Promise<string> {
  const path = box.write("setuid", await Bun.file(probePath("state")).bytes(), 0o755);
  chownSync(path, uid, uid);
  chmodSync(path, 0o6755);
  return path;
}

testUnless(NOT_ROOT, "a setuid program of root's gives an unprivileged user nothing", async () => {
  await using box = openBox(UNPRIVILEGED);
  const program = await plantSetuid(box, 0);
  const bare = parseState(await runProcess(box, [program]));
  expect(bare["uids"]).toBe(`${UNPRIVILEGED.uid} 0 0`);
  const confined = parseState(await run(box, { policy: VERSION_ONLY, argv: [program] }));
  expect(confined["uids"]).toBe(`${UNPRIVILEGED.uid} ${UNPRIVILEGED.uid} ${UNPRIVILEGED.uid}`);
  expect(confined["gids"]).toBe(`${UNPRIVILEGED.gid} ${UNPRIVILEGED.gid} ${UNPRIVILEGED.gid}`);
  expect(confined["cap_effective"]).toBe("0000000000000000");
});

testUnless(NOT_ROOT, "a setuid program of another user's doesn't make root that user", async () => {
  await using box = openBox(ROOT);
  const program = await plantSetuid(box, OTHER_ID);
  expect(parseState(await runProcess(box, [program]))["uids"]).toBe(`0 ${OTHER_ID} ${OTHER_ID}`);
  expect(parseState(await run(box, { policy: VERSION_ONLY, argv: [program] }))["uids"]).toBe("0 0 0");
});
