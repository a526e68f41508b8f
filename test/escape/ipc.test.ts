import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

asUsers("no channel by number or queue name leads to the user's other programs", async (box) => {
  const queue = `landlockd-test-${process.pid}-${box.user.uid}`;
  await expectClaim(box, {
    probe: "sys",
    policy: VERSION_ONLY,
    rows: [
      row(["shmget"], "OK", "ENOSYS"),
      row(["msgget"], "OK", "ENOSYS"),
      row(["semget"], "OK", "ENOSYS"),
      row(["mq_open", queue], "OK", "ENOSYS"),
    ],
  });
});
