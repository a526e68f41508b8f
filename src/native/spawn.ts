/** Plan and launch request in, running workload out: the TypeScript side of csrc/run/launch.h. */

import { EAGAIN, EINTR } from "../kernel/errno.ts";
import { COMMANDS, MESSAGE, MESSAGES } from "../plan/layout.ts";
import { setFields } from "../plan/struct.ts";
import { addressOf, native } from "./library.ts";
import { type Message, readMessage } from "./message.ts";
import { sendDatagram } from "./socket.ts";
import { syscall } from "./syscall.ts";

/** struct ll_spawned of csrc/run/launch.h. */
const SPAWNED_SIZE = 32;

/** A started run. Owns its fds and its mapping. */
export interface Spawned {
  readonly keeperPid: number;
  readonly keeperPidFd: number;
  readonly channelFd: number;
  /** For `release`, once the keeper was reaped. */
  readonly record: Uint8Array;
}

/** Starts keeper and workload. What became of them comes over the channel; a failure before the clone comes back. */
export function spawn(plan: Uint8Array, launch: Uint8Array): Spawned | Message {
  const record = new Uint8Array(SPAWNED_SIZE);
  const failure = new Uint8Array(MESSAGE.sizeBytes);
  const result = native().ll_spawn(
    addressOf(plan),
    plan.byteLength,
    addressOf(launch),
    launch.byteLength,
    addressOf(record),
    addressOf(failure),
  );
  if (result < 0) return readMessage(failure);
  const view = new DataView(record.buffer);
  return {
    keeperPid: view.getInt32(0, true),
    keeperPidFd: view.getInt32(4, true),
    channelFd: view.getInt32(8, true),
    record,
  };
}

/** Becomes the workload; returns only on failure, and by then this process may be restricted. */
export function become(plan: Uint8Array, launch: Uint8Array): Message {
  const failure = new Uint8Array(MESSAGE.sizeBytes);
  native().ll_become(addressOf(plan), plan.byteLength, addressOf(launch), launch.byteLength, addressOf(failure));
  return readMessage(failure);
}

const received = new Uint8Array(MESSAGE.sizeBytes);
const receivedFd = new Int32Array(1);

/** One message of the channel with the fd that came along (-1: none); "empty" when there is none, "closed" at its end. */
export function receive(channelFd: number): { message: Message; fd: number } | "empty" | "closed" {
  for (;;) {
    const result = native().ll_receive(channelFd, addressOf(received), addressOf(receivedFd));
    if (result === 1) return { message: readMessage(received), fd: receivedFd[0] ?? -1 };
    if (result === -EAGAIN) return "empty";
    if (result !== -EINTR) return "closed";
  }
}

/** A command for the keeper; numbers as COMMANDS describes them. */
export interface Command {
  readonly kind: keyof typeof COMMANDS;
  /** Index of the op in the plan that allows it. */
  readonly op: number;
  readonly a?: number;
  readonly b?: number | bigint;
  /** Borrowed. */
  readonly fd?: number;
}

/** What a command came to. */
export interface Done {
  /** Positive; 0 where it was done. */
  readonly errno: number;
  /** Owned by whoever gave the command; -1 where it gives none. */
  readonly fd: number;
  /** Of the mount that was made or handed out. */
  readonly mountId: number;
}

/** Sends a command. False when the keeper is gone. */
export function sendCommand(channelFd: number, command: Command): boolean {
  const bytes = new Uint8Array(MESSAGE.sizeBytes);
  const { kind, op, a = 0, b = 0, fd } = command;
  setFields(new DataView(bytes.buffer), MESSAGE, 0, { kind: MESSAGES.command, stage: COMMANDS[kind], op, a, b });
  return sendDatagram(channelFd, bytes, fd === undefined ? [] : [fd]) === 0;
}

const POLLIN = 1;

/** Waits until the channel has something to say. */
export function awaitChannel(channelFd: number): void {
  syscall("ppoll", new Int32Array([channelFd, POLLIN]), 1, 0, 0, 0);
}

const WALL = 0x40000000;

/**
 * Gives back what a run owned. Closing the channel is what tells a keeper that still serves to kill what is left of
 * the run; this blocks until it has.
 */
export function release(spawned: Spawned): void {
  syscall("close", spawned.channelFd);
  while (syscall("wait4", spawned.keeperPid, 0, WALL, 0) === -EINTR);
  syscall("close", spawned.keeperPidFd);
  native().ll_release(addressOf(spawned.record));
}

/** True for a message that ends a run before its workload ran. */
export function isFailure(message: Spawned | Message): message is Message {
  return "kind" in message && message.kind === MESSAGES.failed;
}
