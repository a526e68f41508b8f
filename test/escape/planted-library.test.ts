import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { baseEnv } from "../harness/process.ts";

/** What Bun would extract an embedded library to: `.bun-<uid>-<hash>.so` in the temporary folder. */
const extracted = (dir: string, uid: number): string[] =>
  readdirSync(dir).filter((name) => name.startsWith(`.bun-${uid}-`));

asUsers("landlockd leaves no library where a later sandbox could replace it", async (box) => {
  const before = new Set(extracted("/tmp", box.user.uid));
  for (const audit of [false, true]) {
    const env = { ...baseEnv(box), TMPDIR: box.mkdir("tmp") };
    const result = await run(box, { policy: VERSION_ONLY, argv: ["/bin/true"], audit, env });
    expect(result.status).toBe(0);
    expect(readdirSync(box.path("tmp"))).toEqual([]);
  }
  expect(extracted("/tmp", box.user.uid).filter((name) => !before.has(name))).toEqual([]);
});

asUsers("an unusable temporary folder changes nothing", async (box) => {
  const env = { ...baseEnv(box), TMPDIR: "/proc/nonexistent" };
  const result = await run(box, { policy: VERSION_ONLY, argv: ["/usr/bin/printenv", "TMPDIR"], env });
  expect(result).toMatchObject({ status: 0, stdout: "/proc/nonexistent\n", stderr: "" });
});
