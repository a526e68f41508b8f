import { asRoot, asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

/** CLONE_NEW* of linux/sched.h. CLONE_NEWTIME (0x80) is a flag of unshare only. */
const NEWUSER = 0x10000000;
const NAMESPACES: Readonly<Record<string, number>> = {
  mnt: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  pid: 0x20000000,
  net: 0x40000000,
};

const hex = (flags: number): string => flags.toString(16);

asUsers("no namespace can be made", async (box) => {
  const flags = [NEWUSER, ...Object.values(NAMESPACES).map((flag) => flag | NEWUSER)];
  const rows: Row[] = [
    row(["clone", "0"], "OK", "OK"),
    row(["clone3"], "OK", "ENOSYS"),
    ...flags.map((each) => row(["clone", hex(each)], "OK", "EPERM")),
    ...flags.map((each) => row(["unshare", hex(each)], "OK", "EPERM")),
    row(["unshare", hex(NEWUSER | 0x80)], "OK", "EPERM"),
    // CLONE_FILES: not a namespace.
    row(["unshare", "400"], "OK", "OK"),
  ];
  await expectClaim(box, { probe: "sys", policy: VERSION_ONLY, rows });
});

asUsers("no namespace can be joined", async (box) => {
  const rows = [row(["setns_none"], "EBADF", "EPERM")];
  await expectClaim(box, { probe: "sys", policy: VERSION_ONLY, rows });
});

asRoot("root can't make or join a namespace", async (box) => {
  const rows: Row[] = Object.entries(NAMESPACES).flatMap(([name, flag]) => [
    row(["clone", hex(flag)], "OK", "EPERM"),
    row(["unshare", hex(flag)], "OK", "EPERM"),
    row(["setns_self", name], "OK", "EPERM"),
  ]);
  const time = row(["unshare", "80"], "OK", "EPERM");
  await expectClaim(box, { probe: "sys", policy: VERSION_ONLY, rows: [...rows, time] });
});
