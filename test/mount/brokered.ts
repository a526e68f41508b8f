/** Sequences of mount calls, made bare in a namespace of the test's own and in a sandbox that declares some. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { probeArgv } from "../harness/claim.ts";
import { type AuditEvent, run } from "../harness/landlockd.ts";
import { FS_RIGHTS, VERSION_ONLY } from "../harness/policies.ts";
import { runProcess } from "../harness/process.ts";

/** An attempt and what it comes to in the sandbox; outside, where it differs: "-" where it isn't made at all. */
export type Step = readonly [attempt: readonly [string, ...string[]], inside: string, outside?: string];

/** All that is read, written and made beneath the box is granted: what is refused is refused as a mount. */
export function brokered(box: Box, ...tables: readonly string[]): string {
  const rule = `rule = [{ path = ${JSON.stringify(box.dir)}, allowed_access = ${JSON.stringify(FS_RIGHTS)} }]`;
  const rest = `{ path = "/proc", allowed_access = ["read_file"] }`;
  const layer = `[[fs_layer]]\nhandled_access_fs = ${JSON.stringify(FS_RIGHTS)}\n${rule.slice(0, -1)}, ${rest},`;
  return `${VERSION_ONLY}${tables.join("\n")}\n${layer}\n${programs()}]\n`;
}

function programs(): string {
  return `{ path = "/", allowed_access = ["execute", "read_file", "read_dir"] }`;
}

const lines = (steps: readonly Step[], side: (step: Step) => string): string[] =>
  steps.map((step) => `${step[0][0]} ${side(step)}`);

/** Makes the steps in the sandbox. The events of the broker. */
export async function expectInside(
  box: Box,
  policy: string,
  steps: readonly Step[],
  probe: string = "mounting",
): Promise<AuditEvent[]> {
  const argv = probeArgv(
    probe,
    steps.map(([attempt]) => attempt),
  );
  const confined = await run(box, { policy, argv, audit: true });
  expect(confined.stderr).toBe("");
  expect(confined.stdout.trimEnd().split("\n")).toEqual(lines(steps, ([, inside]) => inside));
  return confined.events.filter(({ event }) => event.startsWith("broker."));
}

/** The positive control: the same, as somebody who may mount, in namespaces that end with it. */
export async function expectOutside(box: Box, steps: readonly Step[], probe: string = "mounting"): Promise<void> {
  const made = steps.filter(([, , outside]) => outside !== "-");
  const argv = probeArgv(
    probe,
    made.map(([attempt]) => attempt),
  );
  const own = ["unshare", ...(box.user.uid === 0 ? [] : ["-Ur"]), "-m"];
  const bare = await runProcess(box, [...own, ...argv]);
  expect(bare.stdout.trimEnd().split("\n")).toEqual(lines(made, ([, inside, outside]) => outside ?? inside));
}

/** Both. */
export async function expectSteps(
  box: Box,
  policy: string,
  steps: readonly Step[],
  probe: string = "mounting",
): Promise<AuditEvent[]> {
  await expectOutside(box, steps, probe);
  return await expectInside(box, policy, steps, probe);
}
