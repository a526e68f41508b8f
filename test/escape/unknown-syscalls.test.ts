import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { probeArgv } from "../harness/claim.ts";
import { run } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

/** Numbers that no kernel of today knows; there can be no positive control. */
const UNKNOWN = ["600", "1000", "0x3fffffff"] as const;

asUsers("a call that landlockd has never heard of answers ENOSYS", async (box) => {
  const attempts = UNKNOWN.map((number) => ["call", number]);
  const result = await run(box, { policy: VERSION_ONLY, argv: probeArgv("sys", attempts) });
  expect(result.stdout).toBe("call ENOSYS\ncall ENOSYS\ncall ENOSYS\n");
});

asUsers("a number with the mark of x32 ends the process", async (box) => {
  const result = await run(box, { policy: VERSION_ONLY, argv: probeArgv("sys", [["call", "0x7fffffff"]]) });
  expect(result.signal).toBe("SIGSYS");
});
