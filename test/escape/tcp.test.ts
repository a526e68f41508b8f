import { asUsers } from "../harness/cases.ts";
import { expectClaim, row } from "../harness/claim.ts";
import { netOnly, opening, VERSION_ONLY } from "../harness/policies.ts";
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
    // Some port is granted, or there would be no TCP socket at all.
    policy: netOnly([1]),
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

asUsers("where no port is granted at all, no TCP socket is made", async (box) => {
  const port = startServer(box, "127.0.0.1");
  await expectClaim(box, {
    probe: "net",
    policy: netOnly([]),
    rows: [
      row(["connect_v4", port], "OK", "EACCES"),
      row(["connect_v6", startServer(box, "::1")], "OK", "EACCES"),
      row(["socket", "2", "1", "0"], "OK", "EACCES"),
      row(["socket", "10", "1", "6"], "OK", "EACCES"),
      // SOCK_NONBLOCK, and noise above the 32 bits that the kernel takes.
      row(["socket", "0x100000002", "0x100000801", "0x100000006"], "OK", "EACCES"),
      // What isn't TCP.
      row(["socket", "2", "2", "0"], "OK", "OK"),
    ],
  });
  const unbound = ["4", "6"].map((family) => row(["listen_unbound", family], "OK", "EACCES"));
  const unix = row(["listen_unix", box.path("inside/socket")], "OK", "OK");
  await expectClaim(box, { probe: "listen", policy: netOnly([]), rows: [...unbound, unix] });
});

asUsers("no port is picked by listen on a socket without an address", async (box) => {
  const at = box.path("inside/socket");
  const unbound = ["4", "6"].map((family) => row(["listen_unbound", family], "OK", "EACCES"));
  // A filter can't tell one socket from another: with TCP sockets about, it costs the UNIX servers.
  const cost = row(["listen_unix", at], "OK", "EACCES");
  const bound = row(["listen_bound", "0"], "OK", "EACCES");
  await expectClaim(box, { probe: "listen", policy: netOnly([443]), rows: [...unbound, bound, cost] });
  const sockets = netOnly([]) + opening("socket.tcp");
  await expectClaim(box, { probe: "listen", policy: sockets, rows: [...unbound, bound, cost] });
});

asUsers("where ports may be bound, or listen is opened, servers listen", async (box) => {
  const at = box.path("inside/socket");
  const unix = row(["listen_unix", at], "OK", "OK");
  const bound = row(["listen_bound", "0"], "OK", "OK");
  await expectClaim(box, { probe: "listen", policy: netOnly([], [0]), rows: [bound, unix] });
  await expectClaim(box, { probe: "listen", policy: netOnly([443]) + opening("listen"), rows: [unix] });
  const connectOnly = `${VERSION_ONLY}[net]\nhandled_access_net = ["connect_tcp"]\n`;
  await expectClaim(box, { probe: "listen", policy: connectOnly, rows: [bound, unix] });
});
