import { expect, test } from "bun:test";
import { closedByFilter } from "../../../src/policy/closed.ts";
import { load } from "../../harness/policy-text.ts";

const TCP = ["bind_tcp", "connect_tcp"];
const UDP = ["bind_udp", "connect_send_udp"];
const UNIX = ["resolve_unix", "abstract_unix_socket"];

/** The rights that the filter enforces on such a kernel. */
function rights(text: string, abi: number): string[] {
  return [...closedByFilter(load(`version = 1\n${text}`).policy, abi).rights];
}

const net = (names: readonly string[], more = ""): string =>
  `[net]\nhandled_access_net = ${JSON.stringify(names)}\n${more}`;

test("both rights of a protocol, handled, granted nowhere, and lacking", () => {
  expect(rights(net(TCP), 3)).toEqual(TCP);
  expect(rights(net(TCP), 4)).toEqual([]);
  expect(rights(net([...TCP, ...UDP]), 3)).toEqual([...TCP, ...UDP]);
  expect(rights(net([...TCP, ...UDP]), 9)).toEqual(UDP);
  expect(rights(net([...TCP, ...UDP]), 10)).toEqual([]);
  for (const half of [...TCP, ...UDP]) expect(rights(net([half]), 3)).toEqual([]);
  expect(rights(net(UDP, 'rule = [{ port = 53, allowed_access = ["connect_send_udp"] }]'), 3)).toEqual([]);
  expect(rights("", 1)).toEqual([]);
});

test("resolve_unix in any layer that grants it nowhere, and the abstract scope with it", () => {
  const layer = (grant: string): string =>
    `[[fs_layer]]\nhandled_access_fs = ["resolve_unix", "execute"]\nrule = [{ path = "/run", allowed_access = ["${grant}"] }]\n`;
  expect(rights(layer("execute"), 5)).toEqual(UNIX);
  expect(rights(layer("resolve_unix"), 5)).toEqual([]);
  expect(rights(layer("resolve_unix") + layer("execute"), 5)).toEqual(UNIX);
  expect(rights(layer("execute"), 9)).toEqual([]);
});

test("a deny of socket enforces all of them", () => {
  const deny = '[seccomp]\ndeny = ["socket"]\n';
  expect(rights(deny, 1)).toEqual([...TCP, ...UDP, ...UNIX]);
  expect(rights(`${deny}allow = ["socket"]\n`, 1)).toEqual([...TCP, ...UDP, ...UNIX]);
  for (const name of ["socketpair", "socketpair.datagram"]) {
    expect(rights(`${deny}allow = ["${name}"]\n`, 1)).toEqual([...TCP, ...UDP]);
  }
});

test("what a policy opens isn't enforced, nor is anything where other calls make sockets", () => {
  const text = (name: string): string =>
    `${net([...TCP, ...UDP])}[[fs_layer]]\nhandled_access_fs = ["resolve_unix"]\n[seccomp]\nallow = ["${name}"]\n`;
  expect(rights(text("bpf"), 3)).toEqual([...TCP, ...UDP, ...UNIX]);
  expect(rights(text("socket.tcp"), 3)).toEqual([...UDP, ...UNIX]);
  expect(rights(text("socket.udp"), 3)).toEqual([...TCP, ...UNIX]);
  expect(rights(text("socket.unix"), 3)).toEqual([...TCP, ...UDP]);
  expect(rights(text("socketpair"), 3)).toEqual([...TCP, ...UDP]);
  for (const name of ["socket", "io_uring", "io_uring_setup", "io_uring_enter", "unknown_syscalls"]) {
    expect(rights(text(name), 3)).toEqual([]);
  }
});
