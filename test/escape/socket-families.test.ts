import { asRoot, asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";

asUsers("only UNIX, IP and netlink sockets can be made", async (box) => {
  await expectClaim(box, {
    probe: "net",
    policy: VERSION_ONLY,
    rows: [
      row(["socket", "1", "1", "0"], "OK", "OK"),
      row(["socket", "2", "1", "0"], "OK", "OK"),
      row(["socket", "2", "2", "0"], "OK", "OK"),
      row(["socket", "10", "1", "0"], "OK", "OK"),
      row(["socket", "16", "3", "0"], "OK", "OK"),
      row(["socketpair", "1", "1"], "OK", "OK"),
      // AF_VSOCK: the host of a virtual machine.
      row(["socket", "40", "1", "0"], "OK", "EAFNOSUPPORT"),
      row(["socket", "0xdeadbeef00000028", "1", "0"], "OK", "EAFNOSUPPORT"),
    ],
  });
});

asRoot("root gets no packet socket and no AF_XDP", async (box) => {
  await expectClaim(box, {
    probe: "net",
    policy: VERSION_ONLY,
    rows: [
      row(["socket", "17", "3", "0"], "OK", "EAFNOSUPPORT"),
      row(["socket", "44", "3", "0"], "OK", "EAFNOSUPPORT"),
      // A raw IP socket takes CAP_NET_RAW, and no run has a capability.
      row(["socket", "2", "3", "1"], "OK", "EPERM"),
    ],
  });
});
