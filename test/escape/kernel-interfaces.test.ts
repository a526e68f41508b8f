import { asRoot, asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

asUsers("interfaces that observe or load kernel code are closed", async (box) => {
  await expectClaim(box, {
    probe: "sys",
    policy: VERSION_ONLY,
    rows: [row(["perf_event_open"], "OK", "EPERM"), row(["userfaultfd"], "OK", "EPERM")],
  });
});

asRoot("root's own are closed too", async (box) => {
  await expectClaim(box, {
    probe: "sys",
    policy: VERSION_ONLY,
    rows: [
      row(["bpf"], "OK", "EPERM"),
      row(["syslog"], "OK", "EPERM"),
      // This kernel has no modules and no kexec: that the filter comes first is what shows.
      row(["init_module"], "ENOSYS", "EPERM"),
      row(["finit_module"], "ENOSYS", "EPERM"),
      row(["delete_module"], "ENOSYS", "EPERM"),
      row(["kexec_load"], "ENOSYS", "EPERM"),
      row(["kexec_file_load"], "ENOSYS", "EPERM"),
    ],
  });
});
