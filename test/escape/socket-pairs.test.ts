/** A policy that denies `socket` leaves pairs of connected sockets: nothing else is reached through them. */
import { asUsers } from "../harness/cases.ts";
import { expectClaim, type Row, row } from "../harness/claim.ts";
import { VERSION_ONLY } from "../harness/policies.ts";
import { startUnixServers } from "../harness/unix-servers.ts";

const [STREAM, DGRAM, RAW, SEQPACKET] = ["1", "2", "3", "5"];
const NO_SOCKET = '[seccomp]\ndeny = ["socket"]\nerrno = 97\n';

asUsers("a pair of datagram sockets, by either name of its type, reaches no socket with a path", async (box) => {
  const { datagrams } = await startUnixServers(box);
  const rows = [DGRAM, RAW].flatMap((type): Row[] => [
    row(["pair", type], "OK", "EAFNOSUPPORT"),
    row(["sendto", type, datagrams], "OK", "EAFNOSUPPORT"),
    row(["descriptor", type, datagrams], "OK", "EAFNOSUPPORT"),
    row(["connect", type, datagrams], "OK", "EAFNOSUPPORT"),
    row(["unpaired", type], "OK", "EAFNOSUPPORT"),
  ]);
  // SOCK_NONBLOCK and SOCK_CLOEXEC, and noise above the 32 bits that the kernel takes.
  const flagged = row(["sendto", "0x100080802", datagrams], "OK", "EAFNOSUPPORT");
  await expectClaim(box, { probe: "pair", policy: VERSION_ONLY + NO_SOCKET, rows: [...rows, flagged] });
});

asUsers("the pairs that are left are connected to each other, whatever is tried", async (box) => {
  const { stream, packets } = await startUnixServers(box);
  const stays = (errno: string, ...attempt: [string, ...string[]]): Row => row(attempt, errno, errno);
  await expectClaim(box, {
    probe: "pair",
    policy: VERSION_ONLY + NO_SOCKET,
    rows: [
      stays("OK", "pair", STREAM),
      stays("OK", "pair", SEQPACKET),
      stays("EISCONN", "sendto", STREAM, stream),
      stays("EISCONN", "connect", STREAM, stream),
      stays("EISCONN", "orphan", STREAM, stream),
      stays("EINVAL", "unpaired", STREAM),
      stays("EINVAL", "server", STREAM),
      stays("EISCONN", "connect", SEQPACKET, packets),
      stays("EISCONN", "orphan", SEQPACKET, packets),
      stays("EINVAL", "unpaired", SEQPACKET),
      stays("EINVAL", "server", SEQPACKET),
      // The address is ignored: the other end gets it.
      stays("OK", "sendto", SEQPACKET, packets),
    ],
  });
});

asUsers("socketpair.datagram opens them; without a deny of socket they are as they were", async (box) => {
  const { datagrams } = await startUnixServers(box);
  const rows = [row(["sendto", DGRAM, datagrams], "OK", "OK")];
  const opened = `${NO_SOCKET}allow = ["socketpair.datagram"]\n`;
  await expectClaim(box, { probe: "pair", policy: VERSION_ONLY + opened, rows });
  await expectClaim(box, { probe: "pair", policy: VERSION_ONLY, rows });
});
