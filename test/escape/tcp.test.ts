import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { netOnly } from "../harness/policies.ts";
import { startServer } from "../harness/server.ts";

asUsers("a port that isn't granted can't be connected to, by any kind of address", async (box) => {
  const port = startServer(box, "127.0.0.1");
  const port6 = startServer(box, "::1");
  const granted = startServer(box, "127.0.0.1");
  await expectClaim(box, {
    probe: "net",
    policy: netOnly([Number(granted)]),
    rows: [
      row(["connect_v4", granted], "OK", "OK"),
      row(["connect_mapped", granted], "OK", "OK"),
      row(["connect_v4", port], "OK", "EACCES"),
      row(["connect_v6", port6], "OK", "EACCES"),
      row(["connect_mapped", port], "OK", "EACCES"),
      row(["connect_again", port], "OK", "EACCES"),
    ],
  });
});

asUsers("no flavour of TCP fast open connects past the rules", async (box) => {
  const port = startServer(box, "127.0.0.1");
  await expectClaim(box, {
    probe: "net",
    policy: netOnly([]),
    rows: [
      row(["fastopen_sendto", port], "OK", "EOPNOTSUPP"),
      row(["fastopen_sendmsg", port], "OK", "EOPNOTSUPP"),
      row(["fastopen_sendmmsg", port], "OK", "EOPNOTSUPP"),
      row(["fastopen_connect", port], "OK", "EACCES"),
    ],
  });
});

asUsers("no other protocol that carries TCP connects past the rules", async (box) => {
  const port = startServer(box, "127.0.0.1");
  await expectClaim(box, {
    probe: "net",
    policy: netOnly([]),
    rows: [
      row(["mptcp_v4", port], "OK", "EPROTONOSUPPORT"),
      row(["mptcp_high_bits", port], "OK", "EPROTONOSUPPORT"),
      // SMC and SCTP aren't in this kernel; the filter answers as it does.
      row(["socket", "2", "1", "256"], "EPROTONOSUPPORT", "EPROTONOSUPPORT"),
      row(["socket", "10", "5", "132"], "ESOCKTNOSUPPORT", "EPROTONOSUPPORT"),
      row(["socket", "43", "1", "0"], "EAFNOSUPPORT", "EAFNOSUPPORT"),
    ],
  });
});

asUsers("a port that isn't granted can't be bound", async (box) => {
  const free = startServer(box, "127.0.0.1");
  // The probe's sockets carry no SO_REUSEADDR and don't listen: port 0 asks the kernel for any.
  await expectClaim(box, {
    probe: "net",
    policy: netOnly([Number(free)]),
    rows: [
      row(["bind_v4", "0"], "OK", "EACCES"),
      row(["bind_v6", "0"], "OK", "EACCES"),
      row(["bind_mapped", "0"], "OK", "EACCES"),
      row(["bind_v4", free], "EADDRINUSE", "EACCES"),
    ],
  });
});

asUsers("a granted port can be bound", async (box) => {
  const rows = [row(["bind_v4", "0"], "OK", "OK"), row(["bind_v6", "0"], "OK", "OK")];
  await expectClaim(box, { probe: "net", policy: netOnly([], [0]), rows });
});
