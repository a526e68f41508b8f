import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";
import { runProcess } from "../harness/process.ts";
import { parseState, type State } from "../harness/state.ts";

/** What landlockd is started with: files of the caller's at every number from 3 to 20, and far up. */
const LEAKING = ["open=3-20", "open=200-202", "open=1000", "--"];

async function stateInside(box: Box, audit: boolean): Promise<State> {
  const argv = [probePath("state")];
  return parseState(await run(box, { policy: VERSION_ONLY, argv, audit, prefix: [probePath("with"), ...LEAKING] }));
}

asUsers("no file descriptor of the caller or of landlockd reaches the workload", async (box) => {
  const bare = await runProcess(box, [probePath("with"), ...LEAKING, probePath("state")]);
  expect(parseState(bare)["fds"]).toStartWith("0 1 2 3 4 5 ");
  expect((await stateInside(box, false))["fds"]).toBe("0 1 2");
  expect((await stateInside(box, true))["fds"]).toBe("0 1 2");
});

asUsers("/proc/self/fd lists no other either", async (box) => {
  const argv = ["/bin/sh", "-c", "exec ls /proc/self/fd"];
  for (const audit of [false, true]) {
    const result = await run(box, { policy: VERSION_ONLY, argv, audit, prefix: [probePath("with"), ...LEAKING] });
    // 3 is the directory that ls reads.
    expect(result.stdout).toBe("0\n1\n2\n3\n");
  }
});
