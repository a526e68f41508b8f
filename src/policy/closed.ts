/**
 * What of a policy the deny filter enforces by itself, because this kernel's Landlock lacks the right and the policy
 * grants it nowhere: a socket that nothing could be done with isn't made. Pure.
 *
 * Not among it: rights that are granted somewhere, for which the filter would have to see addresses or paths; one of two
 * rights of a protocol, whose sockets the other leaves useful; and the scope of signals, because a filter sees a
 * process's number and not whose it is. Of `truncate` it holds that nothing is emptied that may not be written.
 */

import { FS_RIGHTS, type FsRight, NET_RIGHTS, type NetRight, rightOf, SCOPES } from "../kernel/landlock.ts";
import type { PolicyCondition } from "../kernel/protections.ts";
import type { Net, Policy } from "./policy.ts";

/** Conditions for the filter, and the rights and scopes that it then enforces. */
export interface Closed {
  readonly said: ReadonlySet<PolicyCondition>;
  readonly rights: ReadonlySet<string>;
}

/** The right is handled, and no port is granted it. */
export function isClosed(net: Net, right: NetRight): boolean {
  return net.handled_access_net.includes(right) && !net.rule.some((rule) => rule.allowed_access.includes(right));
}

/** Whether a name opens the call in some line, or as a whole. */
function opens(policy: Policy, ...names: readonly string[]): boolean {
  return names.some((name) => policy.seccomp?.allow.includes(name) === true);
}

/** `[seccomp] deny` goes before all that is opened. */
function deniesSocket(policy: Policy): boolean {
  return policy.seccomp?.deny.includes("socket") === true;
}

/** Both rights of a protocol are handled, and no port is granted either. */
function closesBoth(policy: Policy, bind: NetRight, use: NetRight): boolean {
  const { net } = policy;
  return net !== undefined && isClosed(net, bind) && isClosed(net, use);
}

/** Some layer handles `resolve_unix` and grants it nowhere: layers stack, so no other grants it either. */
function closesUnix(policy: Policy): boolean {
  return policy.fs_layer.some(
    ({ handled_access_fs, rule }) =>
      handled_access_fs.includes("resolve_unix") &&
      !rule.some(({ allowed_access }) => allowed_access.includes("resolve_unix")),
  );
}

function handles(policy: Policy, right: FsRight): boolean {
  return policy.fs_layer.some(({ handled_access_fs }) => handled_access_fs.includes(right));
}

/** Whether the policy opens calls that make sockets past the filter: a ring's, or ones that nobody has examined. */
function opensOtherWays(policy: Policy): boolean {
  return opens(policy, "io_uring", "io_uring_setup", "io_uring_enter", "unknown_syscalls");
}

/** `abi`: the kernel's, 1 or more. */
export function closedByFilter(policy: Policy, abi: number): Closed {
  const said = new Set<PolicyCondition>();
  const rights = new Set<string>();
  const lacks = (name: string): boolean => rightOf([...FS_RIGHTS, ...NET_RIGHTS, ...SCOPES], name).abi > abi;
  // ABI 1 refuses every rename and link between folders, granted or not: no loss of enforcement.
  if (lacks("refer") && handles(policy, "refer")) rights.add("refer");
  // Not enforced as it is granted: but what may not be written isn't emptied.
  if (lacks("truncate") && handles(policy, "truncate")) said.add("no_truncate");
  if (opensOtherWays(policy)) return { said, rights };
  const none = deniesSocket(policy);
  const socketOpened = opens(policy, "socket");
  const protocol = (condition: PolicyCondition, line: string, bind: NetRight, use: NetRight): void => {
    const closed = lacks(bind) && closesBoth(policy, bind, use);
    if (closed) said.add(condition);
    if (none || (closed && !socketOpened && !opens(policy, line))) for (const name of [bind, use]) rights.add(name);
  };
  // Brought into force by the policy alone (conditions.ts), whatever the kernel has.
  protocol("no_tcp", "socket.tcp", "bind_tcp", "connect_tcp");
  protocol("no_udp", "socket.udp", "bind_udp", "connect_send_udp");
  const unixClosed = lacks("resolve_unix") && closesUnix(policy);
  if (unixClosed) said.add("no_unix");
  const pairsOpened = opens(policy, "socketpair");
  const noneOfUnix = none
    ? !pairsOpened && !opens(policy, "socketpair.datagram")
    : unixClosed && !pairsOpened && !socketOpened && !opens(policy, "socket.unix");
  if (noneOfUnix) for (const name of ["resolve_unix", "abstract_unix_socket"]) rights.add(name);
  return { said, rights };
}
