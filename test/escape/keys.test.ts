import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

asUsers("no key call is left: KEYCTL_SESSION_TO_PARENT shed Landlock (CVE-2024-42318)", async (box) => {
  await expectClaim(box, {
    probe: "sys",
    policy: VERSION_ONLY,
    rows: [
      row(["keyctl_join_session"], "OK", "EPERM"),
      row(["keyctl_session_to_parent"], "OK", "EPERM"),
      row(["add_key"], "OK", "EPERM"),
      row(["request_key"], "ENOKEY", "EPERM"),
    ],
  });
});
