import { describe, expect, test } from "bun:test";
import { assembleFilter, type FilterInput } from "../../../src/compile/filter.ts";
import { type PolicyCondition, PROTECTIONS } from "../../../src/kernel/protections.ts";
import { ARCHES, type Arch, AUDIT_ARCH, syscallNumber, syscallTable } from "../../../src/kernel/syscalls.ts";
import { PROOF_CALL, PROOF_ERRNO } from "../../../src/plan/layout.ts";
import { isCachedAllow, simulate } from "../../harness/bpf-simulator.ts";

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const NOTIFY = 0x7fc00000;
const errno = (number: number): number => 0x50000 + number;
const EPERM = errno(1);
const EACCES = errno(13);
const ENOSYS = errno(38);

const EVERYTHING: FilterInput = {
  arch: "x86_64",
  deny: [],
  errno: 1,
  traps: [],
  allow: [],
  said: new Set(["execute", "net", "signal"]),
};

/** Everything is said but this. */
function without(...conditions: readonly PolicyCondition[]): Partial<FilterInput> {
  return { said: EVERYTHING.said.difference(new Set(conditions)) };
}

function answer(input: Partial<FilterInput>, name: string | number, ...args: (number | bigint)[]): number {
  const full = { ...EVERYTHING, ...input };
  const nr = typeof name === "number" ? name : (syscallNumber(full.arch, name) ?? Number.NaN);
  expect(nr).not.toBeNaN();
  return simulate(assembleFilter(full), { nr, arch: AUDIT_ARCH[full.arch], args: args.map(BigInt) });
}

describe.each([...ARCHES])("%s", (arch: Arch) => {
  const said = new Set(PROTECTIONS.flatMap(({ when }) => (when === "always" ? [] : [when])));
  const filter = assembleFilter({ ...EVERYTHING, said, arch });
  const closed = new Set(PROTECTIONS.flatMap((line) => line.matches.flatMap((match) => match.syscalls)));

  test("what no line closes is allowed, and cached by the kernel", () => {
    let open = 0;
    for (const [name, nr] of syscallTable(arch)) {
      if (closed.has(name) || name === "seccomp") continue;
      open++;
      expect([name, isCachedAllow(filter, nr, AUDIT_ARCH[arch])]).toEqual([name, true]);
    }
    expect(open).toBeGreaterThan(250);
  });

  test("seccomp is the workload's, but for what the filter proves itself by, whatever a policy says", () => {
    for (const [deny, otherwise] of [
      [[], ALLOW],
      [["seccomp"], EPERM],
    ] as const) {
      expect(answer({ arch, deny }, "seccomp", 1)).toBe(otherwise);
      expect(answer({ arch, deny }, "seccomp", PROOF_CALL)).toBe(errno(PROOF_ERRNO));
    }
  });

  test("what a line closes is never cached", () => {
    for (const name of closed) {
      const nr = syscallNumber(arch, name);
      // aarch64 has no legacy spellings (chmod); a name that no architecture has is tables.test.ts's.
      if (nr === undefined) continue;
      expect([name, isCachedAllow(filter, nr, AUDIT_ARCH[arch])]).toEqual([name, false]);
    }
  });

  test("a foreign architecture is killed, whatever the call", () => {
    for (const foreign of [0x40000003, 0xc000003e, 0xc00000b7, 0x40000028, 0, 0xffffffff]) {
      if (foreign === AUDIT_ARCH[arch]) continue;
      for (const nr of [0, 1, 59, 221, 500, 0xffffffff]) {
        expect(simulate(filter, { nr, arch: foreign, args: [] })).toBe(KILL);
      }
    }
  });

  test("a call beyond the table doesn't exist, unless the policy opens it", () => {
    for (const nr of [470, 471, 600, 0x3fffffff, 0xffffffff]) {
      expect(answer({ arch }, nr)).toBe(ENOSYS);
      expect(answer({ arch, allow: ["unknown_syscalls"] }, nr)).toBe(ALLOW);
    }
    expect(answer({ arch }, 469)).toBe(ALLOW);
  });
});

test("x32 calls are killed, whatever is opened", () => {
  const everyName = PROTECTIONS.map((line) => line.name);
  for (const nr of [0x40000000, 0x40000001, 0x40000000 + 520, 0x7fffffff, 0xc0000000]) {
    expect(answer({}, nr)).toBe(KILL);
    expect(answer({ allow: everyName }, nr)).toBe(KILL);
  }
  expect(answer({ arch: "aarch64" }, 0x40000001)).toBe(ENOSYS);
});

test("io_uring and clone3 look as if the kernel had none", () => {
  for (const name of ["io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"]) {
    expect(answer({}, name)).toBe(ENOSYS);
  }
});

test("clone and unshare fail with any namespace flag, and only then", () => {
  const namespaces = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];
  const threads = 0x3d0f00;
  for (const flag of namespaces) {
    expect(answer({}, "clone", flag | 17)).toBe(EPERM);
    expect(answer({}, "unshare", flag)).toBe(EPERM);
    // The kernel takes the lower 32 bits of clone's flags.
    expect(answer({}, "clone", 0xdeadbeef00000000n | BigInt(flag))).toBe(EPERM);
  }
  expect(answer({}, "clone", threads)).toBe(ALLOW);
  expect(answer({}, "clone", 17)).toBe(ALLOW);
  expect(answer({}, "clone", 0x80)).toBe(ALLOW);
  expect(answer({}, "unshare", 0x80)).toBe(EPERM);
  expect(answer({}, "unshare", 0x600)).toBe(ALLOW);
  expect(answer({}, "setns", 3, 0)).toBe(EPERM);
});

test("terminal ioctls are compared on 32 bits", () => {
  for (const request of [0x5412, 0x541c]) {
    expect(answer({}, "ioctl", 0, request)).toBe(EPERM);
    expect(answer({}, "ioctl", 0, 0xdeadbeef00000000n | BigInt(request))).toBe(EPERM);
  }
  expect(answer({}, "ioctl", 0, 0x5413)).toBe(ALLOW);
  expect(answer({}, "ioctl", 0x5412, 0x5413)).toBe(ALLOW);
});

test("prlimit64 reads any process's limits and sets only the caller's own", () => {
  expect(answer({}, "prlimit64", 0, 7, 0x7fff00000000n, 0)).toBe(ALLOW);
  expect(answer({}, "prlimit64", 42, 7, 0, 0x7fff0000)).toBe(ALLOW);
  expect(answer({}, "prlimit64", 42, 7, 0x7fff0000, 0)).toBe(EPERM);
  expect(answer({}, "prlimit64", 42, 7, 0x100000000n, 0)).toBe(EPERM);
  expect(answer({}, "prlimit64", 0xdead00000000n, 7, 0x7fff0000, 0)).toBe(ALLOW);
});

test("memfd_create needs MFD_NOEXEC_SEAL where execution is restricted", () => {
  expect(answer({}, "memfd_create", 0, 0)).toBe(EACCES);
  expect(answer({}, "memfd_create", 0, 0x13)).toBe(EACCES);
  expect(answer({}, "memfd_create", 0, 0x8)).toBe(ALLOW);
  expect(answer({}, "memfd_create", 0, 0x800000000n)).toBe(EACCES);
  expect(answer(without("execute"), "memfd_create", 0, 0)).toBe(ALLOW);
});

test("TCP Fast Open is refused where the network is restricted", () => {
  const open = 0x20000000;
  const calls: [string, number[]][] = [
    ["sendto", [3, 0, 1, open | 0x4000]],
    ["sendmmsg", [3, 0, 1, open]],
    ["sendmsg", [3, 0, open]],
  ];
  for (const [name, args] of calls) {
    expect([name, answer({}, name, ...args)]).toEqual([name, errno(95)]);
    expect([name, answer(without("net"), name, ...args)]).toEqual([name, ALLOW]);
  }
  expect(answer({}, "sendto", 3, 0, 1, 0x4000)).toBe(ALLOW);
  expect(answer({}, "sendmsg", 3, 0, 0x4000, open)).toBe(ALLOW);
});

test("F_SETOWN takes no process group, by 32 bits, where signals are scoped", () => {
  const [setown, setownEx] = [8, 15];
  for (const group of [-1, -42, -0x80000000]) {
    const low = BigInt.asUintN(32, BigInt(group));
    expect(answer({}, "fcntl", 3, setown, BigInt.asUintN(64, BigInt(group)))).toBe(EPERM);
    expect(answer({}, "fcntl", 3, setown, low)).toBe(EPERM);
    expect(answer({}, "fcntl", 3, setown, low | (0xdeadn << 32n))).toBe(EPERM);
    expect(answer(without("signal"), "fcntl", 3, setown, low)).toBe(ALLOW);
  }
  expect(answer({}, "fcntl", 3, setown, 42)).toBe(ALLOW);
  expect(answer({}, "fcntl", 3, setown, 0)).toBe(ALLOW);
  expect(answer({}, "fcntl", 3, setownEx, 0x7fff0000)).toBe(EPERM);
  for (const other of [0, 1, 2, 3, 4, 9, 10, 11, 16, 1030])
    expect(answer({}, "fcntl", 3, other, 1n << 31n)).toBe(ALLOW);
  for (const request of [0x8901, 0x8902]) {
    expect(answer({}, "ioctl", 3, request)).toBe(EPERM);
    expect(answer(without("signal"), "ioctl", 3, request)).toBe(ALLOW);
  }
});

test("no TCP socket where none can be used, no listen where no port may be bound", () => {
  const noTcp: Partial<FilterInput> = { said: new Set(["net", "no_tcp"]) };
  const noBind: Partial<FilterInput> = { said: new Set(["net", "no_bind"]) };
  for (const family of [2, 10]) {
    expect(answer(noTcp, "socket", family, 1 | 0o2004000, 0)).toBe(EACCES);
    expect(answer(noTcp, "socket", family, 2, 0)).toBe(ALLOW);
    expect(answer(noBind, "socket", family, 1, 6)).toBe(ALLOW);
  }
  expect(answer(noTcp, "socket", 1, 1, 0)).toBe(ALLOW);
  expect(answer(noTcp, "listen", 3, 128)).toBe(ALLOW);
  expect(answer(noBind, "listen", 3, 128)).toBe(EACCES);
});

test("only pairs that stay connected are made where no socket is", () => {
  const noSocket: Partial<FilterInput> = { said: new Set(["no_socket"]), deny: ["socket"], errno: 97 };
  for (const type of [1, 5]) {
    expect(answer(noSocket, "socketpair", 1, type | 0o2004000, 0)).toBe(ALLOW);
    expect(answer(noSocket, "socketpair", 1, 0xdead00000000n | BigInt(type), 0)).toBe(ALLOW);
  }
  for (const type of [0, 2, 3, 4, 6, 10]) {
    expect(answer(noSocket, "socketpair", 1, type | 0o2000000, 0)).toBe(errno(97));
    expect(answer({}, "socketpair", 1, type, 0)).toBe(ALLOW);
  }
});

test("sockets: UNIX, IP and netlink; TCP, UDP and ICMP", () => {
  const stream = 1 | 0o2004000;
  for (const family of [1, 2, 10, 16]) expect(answer({}, "socket", family, stream, 0)).toBe(ALLOW);
  for (const family of [0, 17, 38, 40, 43]) {
    expect(answer({}, "socket", family, 1, 0)).toBe(errno(97));
    expect(answer({}, "socketpair", family, 1, 0)).toBe(errno(97));
    expect(answer(without("net"), "socket", family, 1, 0)).toBe(errno(97));
  }
  for (const family of [2, 10]) {
    for (const protocol of [0, 1, 6, 17, 58]) expect(answer({}, "socket", family, stream, protocol)).toBe(ALLOW);
    for (const protocol of [33, 132, 136, 256, 262]) {
      expect(answer({}, "socket", family, stream, protocol)).toBe(errno(93));
      expect(answer(without("net"), "socket", family, stream, protocol)).toBe(ALLOW);
      expect(answer({}, "socket", family, stream, 0xdead00000000n | BigInt(protocol))).toBe(errno(93));
    }
    // SOCK_SEQPACKET without a protocol is SCTP.
    expect(answer({}, "socket", family, 5 | 0o2000000, 0)).toBe(errno(93));
  }
  expect(answer({}, "socket", 1, 5, 0)).toBe(ALLOW);
  expect(answer({}, "socket", 16, 3, 15)).toBe(ALLOW);
});

describe("what the policy says", () => {
  test("a denied call fails with the policy's errno and is never cached", () => {
    const filter = assembleFilter({ ...EVERYTHING, deny: ["getpid"], errno: 4095 });
    expect(simulate(filter, { nr: 39, arch: AUDIT_ARCH.x86_64, args: [] })).toBe(errno(4095));
    expect(isCachedAllow(filter, 39, AUDIT_ARCH.x86_64)).toBe(false);
    expect(isCachedAllow(filter, 40, AUDIT_ARCH.x86_64)).toBe(true);
  });

  test("deny goes before trap, trap before protection, and deny before allow", () => {
    expect(answer({ deny: ["mount"], errno: 5, traps: [{ syscalls: ["mount"] }] }, "mount")).toBe(errno(5));
    expect(answer({ traps: [{ syscalls: ["mount"] }] }, "mount")).toBe(NOTIFY);
    expect(answer({ deny: ["mount"], errno: 5, allow: ["mounts", "mount"] }, "mount")).toBe(errno(5));
  });

  test("a line's name opens the line, a call's name that call", () => {
    expect(answer({ allow: ["mounts"] }, "mount")).toBe(ALLOW);
    expect(answer({ allow: ["mounts"] }, "fsopen")).toBe(ALLOW);
    expect(answer({ allow: ["mount"] }, "mount")).toBe(ALLOW);
    expect(answer({ allow: ["mount"] }, "fsopen")).toBe(EPERM);
    expect(answer({ allow: ["ioctl.TIOCSTI"] }, "ioctl", 0, 0x5412)).toBe(ALLOW);
    expect(answer({ allow: ["ioctl.TIOCSTI"] }, "ioctl", 0, 0x541c)).toBe(EPERM);
    expect(answer({ allow: ["ioctl"] }, "ioctl", 0, 0x541c)).toBe(ALLOW);
    expect(answer({ allow: ["socket"] }, "socket", 40, 1, 0)).toBe(ALLOW);
    expect(answer({ allow: ["socket"] }, "socketpair", 40, 1, 0)).toBe(errno(97));
  });

  test("a call that the architecture lacks is nothing to deny", () => {
    expect(syscallNumber("aarch64", "open")).toBeUndefined();
    expect(assembleFilter({ ...EVERYTHING, arch: "aarch64", deny: ["open"] })).toEqual(
      assembleFilter({ ...EVERYTHING, arch: "aarch64" }),
    );
  });

  test("a trap with tests leaves the other calls to the protections", () => {
    const traps = [{ syscalls: ["openat"], tests: [{ arg: 2, mask: 3, is: "none_of", values: [0] }] }] as const;
    expect(answer({ traps }, "openat", 0, 0, 0)).toBe(ALLOW);
    expect(answer({ traps }, "openat", 0, 0, 1)).toBe(NOTIFY);
    expect(answer({ traps }, "openat", 0, 0, 2 | 0x80000)).toBe(NOTIFY);
  });
});
