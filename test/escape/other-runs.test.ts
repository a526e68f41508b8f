import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { runArgv } from "../harness/landlockd.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { startVictim } from "../harness/victim.ts";

const SIGUSR1 = "10";

asUsers("one run can't reach into another run of the same user", async (box) => {
  const { pid, address, finish } = await startVictim(box, runArgv(box, { policy: VERSION_ONLY, argv: [] }));
  const refused = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EPERM");
  const rows: Row[] = [
    refused("ptrace_attach", pid),
    refused("process_vm_readv", pid, address),
    refused("pidfd_getfd", pid),
    refused("prlimit_set", pid),
    refused("kill", pid, SIGUSR1),
    refused("pidfd_send_signal", pid, SIGUSR1),
    row(["open_mem", pid], "OK", "EACCES"),
    row(["read_proc", pid, "environ"], "OK", "EACCES"),
    row(["readlink_proc", pid, "root"], "OK", "EACCES"),
  ];
  await expectClaim(box, { probe: "proc", policy: VERSION_ONLY, rows });
  expect((await finish()).secret).toBe("intact");
});
