import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { probePath } from "../harness/probe.ts";

/**
 * Whether this host has the 32-bit gate at all: some hypervisors and kernels (ia32_emulation=off) answer it with a fault,
 * outside as inside. What the filter does with the architecture is then seen by x32, and simulated in
 * test/unit/compile/filter.test.ts.
 */
const HAS_GATE = Bun.spawnSync([probePath("exec"), "int80"]).stdout.toString() === "int80 OK\n";
const [OUTSIDE, INSIDE] = HAS_GATE ? (["OK", "SIGSYS"] as const) : (["SIGSEGV", "SIGSEGV"] as const);

const DENY_MKDIR = `${VERSION_ONLY}[seccomp]\ndeny = ["mkdir"]\n`;

asUsers("a call by the 32-bit gate doesn't pass a deny: it ends the process", async (box) => {
  const prepare = (): void => box.remove("made");
  const made = box.path("made");
  await expectClaim(box, {
    probe: "exec",
    policy: DENY_MKDIR,
    prepare,
    rows: [row(["int80_mkdir", made], OUTSIDE, INSIDE), row(["mkdir", made], HAS_GATE ? "EEXIST" : "OK", "EPERM")],
  });
  expect(existsSync(made)).toBe(false);
});

asUsers("every foreign call ends the process, even where nothing else is denied", async (box) => {
  await expectClaim(box, {
    probe: "exec",
    policy: VERSION_ONLY,
    // This kernel has no x32: outside it answers ENOSYS, and inside the filter still comes first.
    rows: [row(["int80"], OUTSIDE, INSIDE), row(["x32"], "ENOSYS", "SIGSYS")],
  });
});

asUsers("the built-in protections can't be opened for a foreign architecture", async (box) => {
  const opened = `${VERSION_ONLY}[seccomp]\nallow = ["unknown_syscalls", "namespaces", "mounts"]\n`;
  const result = await run(box, { policy: opened, argv: [probePath("exec"), "int80"] });
  expect(result.stdout).toBe(`int80 ${INSIDE}\n`);
});
