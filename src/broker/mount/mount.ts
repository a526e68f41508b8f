/**
 * Mounts that the workload makes itself. What the policy declares is done by the run's keeper, inside the workload's
 * namespaces; everything else fails as if the caller had no privilege. Nothing is passed on to the kernel.
 */

import type { BrokerEvent, Decision } from "../../audit/broker.ts";
import { EFAULT, EPERM } from "../../kernel/errno.ts";
import { F_DUPFD_CLOEXEC } from "../../kernel/file.ts";
import { MOUNT_CALLS } from "../../kernel/mount.ts";
import type { Command, Done } from "../../native/supervisor.ts";
import { numberOf, syscallByNumber } from "../../native/syscall.ts";
import type { Broker } from "../../policy/policy.ts";
import type { Listener } from "../listener.ts";
import { type Reply, sendReply, result as toReply } from "../reply.ts";
import { type Answer, type Mounting, refused } from "./answer.ts";
import { Leases } from "./leases.ts";
import { onFsConfig, onFsMount, onFsOpen } from "./object.ts";
import { isMountCall, type MountRequest, readMountRequest } from "./request.ts";
import { type AllowedOp, MountTable } from "./table.ts";
import { onMount, onMoveMount, onOpenTree, onSetAttr, onUnmount } from "./tree.ts";

function answerTo(request: MountRequest, mounting: Mounting): Answer {
  switch (request.kind) {
    case "mount":
      return onMount(request, mounting);
    case "umount":
      return onUnmount(request, mounting);
    case "open_tree":
      return onOpenTree(request, mounting);
    case "move_mount":
      return onMoveMount(request, mounting);
    case "mount_setattr":
      return onSetAttr(request, mounting);
    case "fsopen":
      return onFsOpen(request, mounting);
    case "fsconfig":
      return onFsConfig(request, mounting);
    case "fsmount":
      return onFsMount(request, mounting);
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(MOUNT_CALLS.map((name) => [numberOf(name), name]));

const fcntl = numberOf("fcntl");

/** What is handed out stays here too, to be known again. */
function copyOf(fd: number, closeOnExec: number): Reply {
  const copy = syscallByNumber(fcntl, fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 ? toReply(copy) : { kind: "fd", fd: copy, closeOnExec };
}

export class MountBroker {
  readonly #table: MountTable;
  readonly #leases: Leases = new Leases();
  readonly #root: string;
  readonly #audit: ((event: BrokerEvent) => void) | undefined;
  #keeper: (command: Command) => Done = () => ({ errno: EPERM, fd: -1, mountId: 0 });

  /** `ops`: all of the run's plan, whose indices commands name. */
  constructor(
    ops: readonly AllowedOp[],
    broker: Broker,
    root: string,
    audit: ((event: BrokerEvent) => void) | undefined,
  ) {
    this.#table = new MountTable(ops, broker);
    this.#root = root;
    this.#audit = audit;
  }

  /** Whom to give commands to, once the run is there. */
  useKeeper(keeper: (command: Command) => Done): void {
    this.#keeper = keeper;
  }

  handles(call: number): boolean {
    return isMountCall(call);
  }

  /** Answers the request that the listener holds. */
  serve(listener: Listener): void {
    const { id, tid, call } = listener;
    const request = readMountRequest(listener);
    // What was read is the caller's only if it still waits.
    if (!listener.isValid(id)) return;
    const answer = request === undefined ? undefined : answerTo(request, this.#mounting(tid));
    const { result, fd, closeOnExec = 0, path, declared } = answer ?? { ...refused(null), result: -EFAULT };
    const reply = fd === undefined ? toReply(result) : copyOf(fd, closeOnExec);
    const errno = sendReply({ id, tid, listener }, reply);
    this.#record(NAMES.get(call) ?? "", tid, path, errno, declared);
  }

  #mounting(tid: number): Mounting {
    return { tid, table: this.#table, leases: this.#leases, root: this.#root, keeper: this.#keeper };
  }

  #record(syscall: string, pid: number, path: string | null, errno: number, declared: boolean): void {
    const operation = (syscall === "umount2" ? "umount" : syscall) as MountRequest["kind"];
    const decision: Decision = errno === 0 ? "allow" : declared ? "error" : "deny";
    this.#audit?.({
      event: `broker.${operation}`,
      pid,
      syscall,
      operation,
      path: path === null ? null : Buffer.from(path, "latin1"),
      decision,
      ...(errno === 0 ? {} : { errno }),
    });
  }

  close(): void {
    this.#leases.close();
  }
}
