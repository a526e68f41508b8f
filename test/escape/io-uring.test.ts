import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

asUsers("there is no io_uring, whose requests no filter would see", async (box) => {
  await expectClaim(box, {
    probe: "sys",
    policy: VERSION_ONLY,
    rows: [
      row(["io_uring_setup"], "OK", "ENOSYS"),
      row(["io_uring_enter"], "EBADF", "ENOSYS"),
      row(["io_uring_register"], "EINVAL", "ENOSYS"),
    ],
  });
});
