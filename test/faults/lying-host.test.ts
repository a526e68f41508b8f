/** A host that says it restricts a process, and doesn't: an emulator, a broken backport, a filter around us. */
import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { faulty } from "../harness/fault.ts";
import { runProcess } from "../harness/process.ts";
import { openKinds, STATUS } from "./kinds.ts";

for (const call of ["landlock_restrict_self", "seccomp"]) {
  asUsers(`where ${call} does nothing and says that it did, no run starts`, async (box) => {
    for (const [name, { argv, env, lines }] of Object.entries(await openKinds(box))) {
      const honest = await runProcess(box, argv, { env });
      expect([name, honest.status, honest.stdout.trimEnd().split("\n")]).toEqual([
        name,
        STATUS,
        lines.map((each) => each.replace("?", "")),
      ]);
      const lying = await runProcess(box, [...faulty({ call, result: 0 }), ...argv], { env });
      expect([name, lying.status, lying.stdout]).toEqual([name, 125, ""]);
      expect(lying.stderr).toMatch(
        /^landlockd: .*\(EPROTO\)\n {2}hint: the kernel says that it restricts this process, and doesn't\n$/,
      );
    }
  });
}
