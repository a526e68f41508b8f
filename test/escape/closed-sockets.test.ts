/** Rights that are granted nowhere hold whether this kernel's Landlock has them or not: the deny filter stands in. */
import { expect } from "bun:test";
import type { Box } from "../harness/box.ts";
import { asUsers, asUsersUnless } from "../harness/cases.ts";
import { expectClaim, probeArgv, type Row, row } from "../harness/claim.ts";
import { landlockd, run } from "../harness/landlockd.ts";
import { older } from "../harness/older.ts";
import { layer, netOnly, opening, VERSION_ONLY } from "../harness/policies.ts";
import { startServer } from "../harness/server.ts";
import { startUnixServers } from "../harness/unix-servers.ts";

const ALL_NET = `${VERSION_ONLY}[net]\nhandled_access_net = ["bind_tcp", "connect_tcp", "bind_udp", "connect_send_udp"]\n`;
const NO_UNIX = VERSION_ONLY + layer(["resolve_unix"], []);

const denied = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "EACCES");
const open = (...attempt: [string, ...string[]]): Row => row(attempt, "OK", "OK");

asUsers("UDP that is granted nowhere is closed, and nothing else with it", async (box) => {
  const rows = [
    denied("udp_send", "9"),
    denied("udp_bind", "0"),
    denied("connect_v4", startServer(box, "127.0.0.1")),
    // Netlink and UNIX sockets.
    open("socket", "16", "3", "0"),
    open("socket", "1", "2", "0"),
  ];
  await expectClaim(box, { probe: "net", policy: ALL_NET, rows });
});

asUsers("UNIX sockets with a path that are granted nowhere are closed, from pairs too", async (box) => {
  const { stream, packets, datagrams } = await startUnixServers(box);
  const kinds = [
    ["1", stream],
    ["2", datagrams],
    ["3", datagrams],
    ["5", packets],
  ] as const;
  const rows = kinds.map(([type, path]) => denied("unix_connect", type, path));
  await expectClaim(box, { probe: "net", policy: NO_UNIX, rows: [...rows, open("socket", "2", "2", "0")] });
  await expectClaim(box, {
    probe: "pair",
    policy: NO_UNIX,
    rows: [
      denied("sendto", "2", datagrams),
      denied("sendto", "3", datagrams),
      denied("descriptor", "2", datagrams),
      denied("connect", "2", datagrams),
      open("pair", "1"),
      open("pair", "5"),
    ],
  });
});

/** As on a kernel whose Landlock is older; it enforces what it is asked for, which is nothing that it doesn't know. */
async function onAbi(
  box: Box,
  abi: number,
  policy: string,
  attempts: string[][],
  flags: string[] = [],
): Promise<string> {
  const result = await run(box, { policy, argv: probeArgv("net", attempts), prefix: older([`abi=${abi}`]), flags });
  return `${result.status}: ${result.stdout || result.stderr}`;
}

const NOT_X86 = process.arch === "x64" ? undefined : "the tracer that tells another ABI is for x86_64";

asUsersUnless(NOT_X86, "TCP that is granted nowhere is closed before ABI 4", async (box) => {
  const attempts = [["connect_v4", startServer(box, "127.0.0.1")]];
  expect(await onAbi(box, 3, netOnly([]), attempts)).toBe("0: connect_v4 EACCES\n");
  // The control: this Landlock leaves TCP alone, and the run is refused where the filter doesn't stand in.
  const opened = netOnly([]) + opening("socket.tcp", "listen");
  expect(await onAbi(box, 3, opened, attempts, ["--best-effort"])).toBe("0: connect_v4 OK\n");
  expect(await onAbi(box, 3, opened, attempts)).toMatch(/^125: .*connect_tcp needs Landlock ABI 4/s);
  expect(await onAbi(box, 3, netOnly([443]), attempts)).toMatch(/^125: .*connect_tcp needs Landlock ABI 4/s);
});

asUsersUnless(NOT_X86, "a policy that denies socket has all rights on sockets enforced, on any kernel", async (box) => {
  const policy = `${ALL_NET}[seccomp]\ndeny = ["socket"]\nerrno = 97\n`;
  const attempts = [
    ["udp_send", "9"],
    ["connect_v4", startServer(box, "127.0.0.1")],
    ["socketpair", "1", "2"],
  ];
  const refused = "udp_send EAFNOSUPPORT\nconnect_v4 EAFNOSUPPORT\nsocketpair EAFNOSUPPORT\n";
  expect(await onAbi(box, 2, policy, attempts)).toBe(`0: ${refused}`);
});

asUsersUnless(NOT_X86, "one right of two, and a right that is granted somewhere, need Landlock", async (box) => {
  const half = (right: string): string => `${VERSION_ONLY}[net]\nhandled_access_net = ["${right}"]\n`;
  const somewhere = VERSION_ONLY + layer(["resolve_unix"], [{ path: "/run", rights: ["resolve_unix"] }]);
  const granted = `${ALL_NET}[[net.rule]]\nport = 53\nallowed_access = ["connect_send_udp"]\n`;
  for (const policy of [half("bind_udp"), half("connect_send_udp"), half("bind_tcp"), somewhere, granted]) {
    expect(await onAbi(box, 3, policy, [["socket", "1", "1", "0"]])).toMatch(/^125: landlockd: .* needs Landlock ABI/);
  }
});

asUsersUnless(NOT_X86, "doctor and the dry run say which of the two it is", async (box) => {
  const prefix = older(["abi=5"]);
  const doctor = await landlockd(box, ["doctor"], { prefix });
  expect(doctor.stdout).toContain(
    "net.bind_udp: needs Landlock ABI 10 (Linux 7.2); else by the seccomp filter where no port",
  );
  expect(doctor.stdout).toContain(
    "scope.abstract_unix_socket: needs Landlock ABI 6 (Linux 6.12); else by the seccomp filter",
  );
  const dry = async (policy: string): Promise<string> =>
    (await run(box, { policy, argv: ["/bin/true"], flags: ["--dry-run"], prefix })).stdout;
  const net = await dry(ALL_NET);
  expect(net).toMatch(
    /yes net\.handled_access_net\.bind_udp: by the seccomp filter; for Landlock it needs Landlock ABI 10/,
  );
  expect(net).toContain("scope.abstract_unix_socket: built in, needs Landlock ABI 6");
  // Without UNIX sockets nobody reaches an abstract one either.
  const unix = await dry(NO_UNIX);
  expect(unix).toMatch(/yes fs_layer\[0\]\.handled_access_fs\.resolve_unix: by the seccomp filter/);
  expect(unix).not.toContain("scope.abstract_unix_socket: built in");
  expect(unix).toContain("scope.signal: built in, needs Landlock ABI 6");
});
