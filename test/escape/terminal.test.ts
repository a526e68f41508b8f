import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { runArgv } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { openTerminal } from "../harness/terminal.ts";

/** TIOCSTI and TIOCLINUX; the kernel takes a request as 32 bits, so that the high half means nothing. */
const ATTEMPTS = [
  ["push", "5412"],
  ["push", "deadbeef00005412"],
  ["push", "ffffffff00005412"],
  ["push_dev_tty", "5412"],
  ["paste", "541c"],
  ["paste", "deadbeef0000541c"],
] as const;

async function outcomes(box: Box, argv: readonly string[]): Promise<string[]> {
  const session = openTerminal(box, argv);
  await session.ended();
  // What was pushed is echoed in between.
  return session.screen().match(/(push|push_dev_tty|paste) (OK|E[A-Z]+)/g) ?? [];
}

asUsers("nothing can be typed into the terminal", async (box) => {
  const probe = probeArgv("tty", ATTEMPTS);
  expect(await outcomes(box, probe)).toEqual([
    "push OK",
    "push OK",
    "push OK",
    "push_dev_tty OK",
    "paste ENOTTY",
    "paste ENOTTY",
  ]);
  for (const audit of [false, true]) {
    const inside = await outcomes(box, runArgv(box, { policy: VERSION_ONLY, argv: probe, audit }));
    expect(inside).toEqual([
      "push EPERM",
      "push EPERM",
      "push EPERM",
      "push_dev_tty EPERM",
      "paste EPERM",
      "paste EPERM",
    ]);
  }
});
