import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { insideOnly, netOnly, VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

/** A host whose kernel has no Landlock, as far as landlockd can tell. */
const WITHOUT_LANDLOCK = (): string[] => [probePath("with"), "enosys=landlock", "--"];
const WITHOUT_SECCOMP = (): string[] => [probePath("with"), "eperm=seccomp", "--"];

asUsers("on a host without Landlock a run is refused, and the command doesn't run", async (box) => {
  const argv = ["/usr/bin/touch", box.path("inside/ran")];
  const policies = [VERSION_ONLY, insideOnly(box, []), netOnly([])];
  for (const policy of policies) {
    for (const audit of [false, true]) {
      const result = await run(box, { policy, argv, audit, prefix: WITHOUT_LANDLOCK() });
      expect([result.status, result.stdout]).toEqual([125, ""]);
      expect(result.stderr).toBe(
        `landlockd: ${box.path("policy.toml")}: landlock needs Landlock ABI 1 (Linux 5.13); this host has no Landlock\n`,
      );
      expect(await Bun.file(box.path("inside/ran")).exists()).toBe(false);
    }
  }
});

asUsers("on a host where no filter can be installed a run is refused", async (box) => {
  const argv = ["/usr/bin/touch", box.path("inside/ran")];
  for (const audit of [false, true]) {
    for (const flags of [[], ["--best-effort"]]) {
      const result = await run(box, { policy: VERSION_ONLY, argv, audit, flags, prefix: WITHOUT_SECCOMP() });
      expect([result.status, result.stdout]).toEqual([125, ""]);
      expect(await Bun.file(box.path("inside/ran")).exists()).toBe(false);
    }
  }
});

asUsers("doctor says what such a host lacks, and the dry run too", async (box) => {
  const policy = box.write("policy.toml", netOnly([]));
  const doctor = await landlockd(box, ["doctor"], { prefix: WITHOUT_LANDLOCK() });
  expect(doctor.stdout).toMatch(/Landlock/);
  const dry = await landlockd(box, ["run", "--policy-file", policy, "--dry-run"], { prefix: WITHOUT_LANDLOCK() });
  expect(dry.status).toBe(125);
});
