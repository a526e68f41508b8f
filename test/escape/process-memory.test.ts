import { expect } from "bun:test";
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { startVictim } from "../harness/victim.ts";

asUsers("the user's other processes can't be read, written or steered", async (box) => {
  const { pid, address, finish } = await startVictim(box);
  const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EPERM");
  const rows: Row[] = [
    denied("ptrace_traceme"),
    denied("ptrace_attach", pid),
    denied("ptrace_seize", pid),
    denied("process_vm_readv", pid, address),
    denied("process_vm_writev", pid, address),
    denied("pidfd_getfd", pid),
    denied("kcmp", pid),
    denied("prlimit_set", pid),
    // Advice to another process takes CAP_SYS_NICE.
    row(["process_madvise", pid, address], box.user.uid === 0 ? "OK" : "EPERM", "EPERM"),
  ];
  await expectClaim(box, { probe: "proc", policy: VERSION_ONLY, rows });
  expect((await finish()).secret).toBe("intact");
});

asUsers("/proc of the user's other processes shows nothing of theirs", async (box) => {
  const { pid, finish } = await startVictim(box);
  const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");
  const rows: Row[] = [
    row(["read_proc", pid, "stat"], "OK", "OK"),
    denied("open_mem", pid),
    denied("read_proc", pid, "environ"),
    denied("read_proc", pid, "maps"),
    denied("read_proc", pid, "auxv"),
    denied("list_proc", pid, "root"),
    denied("list_proc", pid, "cwd"),
    denied("readlink_proc", pid, "exe"),
    denied("readlink_proc", pid, "root"),
    denied("readlink_proc", pid, "cwd"),
    denied("readlink_proc", pid, "fd/0"),
  ];
  await expectClaim(box, { probe: "proc", policy: VERSION_ONLY, rows });
  expect((await finish()).secret).toBe("intact");
});
