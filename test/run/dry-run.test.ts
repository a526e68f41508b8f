import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { run } from "../harness/landlockd.ts";
import { insideOnly, netOnly, systemAndInside } from "../harness/policies.ts";

asUsers("a dry run shows the plan, runs nothing and changes nothing", async (box) => {
  const mark = box.path("inside/ran");
  const argv = ["/usr/bin/touch", mark];
  const policy = systemAndInside(box);
  for (const audit of [false, true]) {
    const result = await run(box, { policy, argv, flags: ["--dry-run"], audit });
    expect([result.status, result.stderr]).toEqual([0, ""]);
    // What a person looks for: the paths and the rights.
    expect(result.stdout).toContain(box.path("inside"));
    expect(result.stdout).toContain("read_file");
    expect(existsSync(mark)).toBe(false);
    expect(result.events).toEqual([]);
  }
  expect((await run(box, { policy, argv })).status).toBe(0);
  expect(existsSync(mark)).toBe(true);
});

asUsers("a dry run shows ports, and needs no command that could run", async (box) => {
  const result = await run(box, { policy: netOnly([443]), argv: ["/nowhere/command"], flags: ["--dry-run"] });
  expect(result.status).toBe(0);
  expect(result.stdout).toContain("443");
  expect(result.stdout).toContain("connect_tcp");
});

asUsers("a dry run of a policy that is none fails as the run would", async (box) => {
  const result = await run(box, { policy: `${insideOnly(box, [])}x = 1\n`, argv: ["/bin/true"], flags: ["--dry-run"] });
  expect([result.status, result.stdout]).toEqual([125, ""]);
});
