/** A run whose processes fork faster than somebody can kill them who kills one by one (test/probe/chain.c). */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { Box } from "./box.ts";
import { runArgv } from "./landlockd.ts";
import { probePath } from "./probe.ts";
import { argvAs, baseEnv } from "./process.ts";
import { until } from "./within.ts";

/** How many processes of this box's chain there are. */
function links(box: Box): number {
  const { stdout } = Bun.spawnSync(["pgrep", "-f", `chain ${box.dir}$`]);
  return stdout.toString().split("\n").length - 1;
}

/** Kills a supervising landlockd under this policy, and waits for the end of the chain that was its workload's. */
export async function expectNoneOutlives(box: Box, policy: string, chain: string = probePath("chain")): Promise<void> {
  const argv = ["/bin/sh", "-c", `${chain} ${box.dir} & exec sleep 600`];
  const landlockd = Bun.spawn(argvAs(box, runArgv(box, { policy, argv, audit: true })), {
    env: baseEnv(box),
    cwd: box.dir,
    stdin: "ignore",
    stdout: Bun.file(box.write("stdout", "")),
    stderr: "inherit",
  });
  box.defer(async () => {
    landlockd.kill("SIGKILL");
    await landlockd.exited;
    // A chain that does outlive ends by itself; the box isn't taken away from under it.
    await until("the end of the chain", () => (links(box) === 0 ? true : undefined), 30_000);
  });
  await until("the chain", () => readFileSync(box.path("stdout"), "utf8").match(/begun/) ?? undefined);
  // Positive control: it is there, and goes on.
  expect(links(box)).toBeGreaterThan(0);
  landlockd.kill("SIGKILL");
  await landlockd.exited;
  await until("the end of the chain", () => (links(box) === 0 ? true : undefined), 4000);
}
